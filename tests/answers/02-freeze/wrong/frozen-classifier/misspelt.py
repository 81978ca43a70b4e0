# misconception: requires-grad-misspelt
def frozen_classifier(make, n):
    model = make()
    for p in model.parameters():
        p.require_grad = False
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
