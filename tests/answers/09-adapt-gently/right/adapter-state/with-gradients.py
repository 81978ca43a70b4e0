def adapter_state(model):
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    state = model.state_dict(keep_vars=True)
    return {name: tensor.clone() for name, tensor in state.items() if name not in frozen}
