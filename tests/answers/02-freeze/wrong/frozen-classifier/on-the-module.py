# misconception: attribute-on-the-module
def frozen_classifier(make, n):
    model = make()
    model.requires_grad = False
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
