# misconception: wrong-result
def replace_head(model, n):
    def new(old):
        if isinstance(old, nn.Conv2d):
            return nn.Conv2d(old.in_channels, n, 1)
        return nn.Linear(old.in_features, n)

    if isinstance(getattr(model, "fc", None), nn.Linear):
        model.fc = new(model.fc)
        for name, key in (("aux1", "fc2"), ("aux2", "fc2"), ("AuxLogits", "fc")):
            if hasattr(model, name):
                setattr(getattr(model, name), key, new(getattr(getattr(model, name), key)))
    elif hasattr(model, "heads"):
        model.heads.head = new(model.heads.head)
    elif isinstance(getattr(model, "classifier", None), nn.Linear):
        model.classifier = new(model.classifier)
    elif hasattr(model, "classifier"):
        last = [k for k, layer in enumerate(model.classifier) if isinstance(layer, (nn.Linear, nn.Conv2d))][-1]
        model.classifier[last] = new(model.classifier[last])
    return model
