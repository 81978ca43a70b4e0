# misconception: wrong-result
def adapter_state(model):
    state = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    for path, layer in model.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            state |= {f"{path}.{name}": b.clone() for name, b in layer.named_buffers()}
    return state
