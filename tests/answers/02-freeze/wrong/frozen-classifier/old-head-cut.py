# misconception: froze-the-new-head
def frozen_classifier(make, n):
    model = make().requires_grad_(False)
    old = model.fc
    model.fc = nn.Linear(old.in_features, n)
    model.fc.weight = nn.Parameter(old.weight[:n].clone(), requires_grad=False)
    model.fc.bias = nn.Parameter(old.bias[:n].clone(), requires_grad=False)
    return model
