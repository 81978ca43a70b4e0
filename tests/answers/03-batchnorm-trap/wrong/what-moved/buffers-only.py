# misconception: wrong-result
def what_moved(model, action):
    old = {name: buffer.clone() for name, buffer in model.named_buffers()}
    action()
    return [name for name, buffer in model.named_buffers() if not torch.equal(buffer, old[name])]
