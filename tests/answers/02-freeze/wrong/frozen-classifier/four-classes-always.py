# misconception: wrong-result
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, 4)
    return model
