# misconception: froze-the-discarded-head
def frozen_classifier(make, n):
    model = make()
    model.fc.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
