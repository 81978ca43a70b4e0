# misconception: model-left-changed
def adapter_state(model):
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    model.requires_grad_(False)
    return {name: t.clone() for name, t in model.state_dict().items() if name not in frozen}
