def replace_head(model, n):
    def cut(layer):
        layer.weight = nn.Parameter(layer.weight[:n].detach().clone())
        if layer.bias is not None:
            layer.bias = nn.Parameter(layer.bias[:n].detach().clone())

    last = [layer for name, layer in model.named_modules()
            if isinstance(layer, (nn.Linear, nn.Conv2d)) and name.split(".")[0] in ("fc", "classifier", "heads", "head")][-1]
    cut(last)
    for aux, key in (("AuxLogits", "fc"), ("aux1", "fc2"), ("aux2", "fc2")):
        if hasattr(model, aux):
            cut(getattr(getattr(model, aux), key))
    return model
