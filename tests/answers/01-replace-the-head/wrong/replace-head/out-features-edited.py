# misconception: out-features-edited
def replace_head(model, n):
    name, old = [(name, layer) for name, layer in model.named_modules()
                 if isinstance(layer, (nn.Linear, nn.Conv2d)) and name.split(".")[0] in ("fc", "classifier", "heads", "head")][-1]
    parent = model.get_submodule(name.rpartition(".")[0])

    old.out_features = n
    return model
