# misconception: froze-the-new-head
def frozen_classifier(make, n):
    model = make()
    model.fc = nn.Linear(model.fc.in_features, n)
    return model.requires_grad_(False)
