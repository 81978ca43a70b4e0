# misconception: nothing-returned
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
