# misconception: eval-as-freezing
def frozen_classifier(make, n):
    model = make().eval()
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
