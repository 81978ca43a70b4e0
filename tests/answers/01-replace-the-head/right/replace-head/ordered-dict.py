from collections import OrderedDict

def replace_head(model, n):
    name, old = [(name, layer) for name, layer in model.named_modules()
                 if isinstance(layer, (nn.Linear, nn.Conv2d)) and name.split(".")[0] in ("fc", "classifier", "heads", "head")][-1]
    parent = model.get_submodule(name.rpartition(".")[0])
    new = nn.Conv2d(old.in_channels, n, 1) if isinstance(old, nn.Conv2d) else nn.Linear(old.in_features, n)
    setattr(parent, name.rpartition(".")[2], new)
    for aux, key in (("AuxLogits", "fc"), ("aux1", "fc2"), ("aux2", "fc2")):
        if hasattr(model, aux):
            setattr(getattr(model, aux), key, nn.Linear(getattr(getattr(model, aux), key).in_features, n))
    for name in ("classifier", "heads"):
        if isinstance(getattr(model, name, None), nn.Sequential):
            layers = enumerate(getattr(model, name))
            setattr(model, name, nn.Sequential(OrderedDict((f"part_{i}", layer) for i, layer in layers)))
    return model
