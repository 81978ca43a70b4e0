# misconception: auxiliary-head-forgotten
def replace_head(model, n):
    name, old = [(name, layer) for name, layer in model.named_modules()
                 if isinstance(layer, (nn.Linear, nn.Conv2d)) and name.split(".")[0] in ("fc", "classifier", "heads", "head")][-1]
    parent = model.get_submodule(name.rpartition(".")[0])
    new = nn.Conv2d(old.in_channels, n, 1) if isinstance(old, nn.Conv2d) else nn.Linear(old.in_features, n)
    setattr(parent, name.rpartition(".")[2], new)
    for aux in ("AuxLogits", "aux1", "aux2"):
        if hasattr(model, aux):
            setattr(model, aux, None)
            model.aux_logits = False
    return model
