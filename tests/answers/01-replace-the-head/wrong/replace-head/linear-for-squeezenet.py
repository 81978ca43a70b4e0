# misconception: head-is-always-linear
def replace_head(model, n):
    name, old = [(name, layer) for name, layer in model.named_modules()
                 if isinstance(layer, (nn.Linear, nn.Conv2d)) and name.split(".")[0] in ("fc", "classifier", "heads", "head")][-1]
    parent = model.get_submodule(name.rpartition(".")[0])

    width = old.in_channels if isinstance(old, nn.Conv2d) else old.in_features
    setattr(parent, name.rpartition(".")[2], nn.Linear(width, n))
    return model
