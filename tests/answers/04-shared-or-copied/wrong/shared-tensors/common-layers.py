# misconception: wrong-result
def shared_tensors(a, b):
    layers, names = {id(layer) for layer in b.modules()}, []
    for path, layer in a.named_modules():
        if id(layer) in layers:
            own = [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]
            names += [f"{path}.{name}".lstrip(".") for name, _ in own]
    return names
