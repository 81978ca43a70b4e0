# misconception: trained-tensors-missing
def adapter_state(model):
    buffers = {name for name, _ in model.named_buffers()}
    return {
        name: tensor.clone()
        for name, tensor in model.state_dict().items()
        if name.startswith("head.") or name in buffers
    }
