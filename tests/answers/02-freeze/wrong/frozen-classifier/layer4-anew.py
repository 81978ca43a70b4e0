# misconception: backbone-thrown-away
def frozen_classifier(make, n):
    model = make()
    for layer in model.layer4.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
