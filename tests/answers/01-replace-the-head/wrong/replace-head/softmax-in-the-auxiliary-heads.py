# misconception: softmax-in-the-head
def replace_head(model, n):
    for path, old in list(model.named_modules()):
        if type(old) is nn.Linear and old.out_features == 1000:
            new = nn.Linear(old.in_features, n)
            model.set_submodule(path, nn.Sequential(new, nn.Softmax(1)) if path.startswith(("aux", "Aux")) else new)
        elif type(old) is nn.Conv2d and old.out_channels == 1000:
            model.set_submodule(path, nn.Conv2d(old.in_channels, n, 1))
    return model
