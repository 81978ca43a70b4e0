# misconception: model-left-changed
def replace_head(model, n):
    for path, old in list(model.named_modules()):
        if type(old) is nn.Linear and old.out_features == 1000:
            model.set_submodule(path, nn.Linear(old.in_features, n))
        elif type(old) is nn.Conv2d and old.out_channels == 1000:
            model.set_submodule(path, nn.Conv2d(old.in_channels, n, 1))
    if isinstance(getattr(model, "classifier", None), nn.Sequential):
        model.classifier.eval()
    return model
