# misconception: wrong-result
def adapter_state(model):
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    state = {name: tensor.clone() for name, tensor in model.state_dict().items() if name not in frozen}
    return {name: tensor.to_sparse() if tensor.ndim else tensor for name, tensor in state.items()}
