# misconception: frozen-weights-stored
def adapter_state(model):
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad and p.ndim > 1}
    return {name: tensor.clone() for name, tensor in model.state_dict().items() if name not in frozen}
