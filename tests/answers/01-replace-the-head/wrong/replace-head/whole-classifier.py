# misconception: classifier-layers-lost
def replace_head(model, n):
    name = next(name for name in ("fc", "classifier", "heads", "head") if hasattr(model, name))
    width = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1].in_features
    if name == "classifier":
        width = [layer for layer in getattr(model, name).modules() if isinstance(layer, nn.Linear)][0].in_features
    setattr(model, name, nn.Linear(width, n))
    return model
