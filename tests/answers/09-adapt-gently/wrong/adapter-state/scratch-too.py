# misconception: wrong-result
def adapter_state(model):
    tensors = {name: p for name, p in model.named_parameters() if p.requires_grad}
    tensors |= dict(model.named_buffers())
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}
