# misconception: snapshot-without-clone
def adapter_state(model):
    state = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    kept = model.state_dict()
    return state | {name: b.clone() for name, b in model.named_buffers() if name in kept}
