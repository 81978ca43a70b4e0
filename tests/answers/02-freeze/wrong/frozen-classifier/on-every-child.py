# misconception: attribute-on-the-module
def frozen_classifier(make, n):
    model = make()
    for child in model.children():
        child.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
