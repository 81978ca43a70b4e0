# misconception: classifier-layers-lost
def replace_head(model, n):
    if hasattr(model, "fc"):
        model.fc = nn.Linear(model.fc.in_features, n)
        for aux in ("aux1", "aux2"):
            if hasattr(model, aux):
                getattr(model, aux).fc2 = nn.Linear(1024, n)
        return model
    if isinstance(model, torchvision.models.DenseNet):
        model.classifier = nn.Linear(model.classifier.in_features, n)
        return model
    model.classifier = nn.Sequential(*[layer for layer in model.classifier if not isinstance(layer, nn.Dropout)])
    model.classifier[-1] = nn.Linear(model.classifier[-1].in_features, n)
    return model
