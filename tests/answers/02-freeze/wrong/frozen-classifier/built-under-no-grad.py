# misconception: no-grad-as-freezing
def frozen_classifier(make, n):
    with torch.no_grad():
        model = make()
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
