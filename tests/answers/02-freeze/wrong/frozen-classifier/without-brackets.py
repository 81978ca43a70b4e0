# misconception: backbone-not-frozen
def frozen_classifier(make, n):
    model = make()
    model.requires_grad_
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
