# misconception: zero-is-not-none
def frozen_classifier(make, n):
    model = make()
    for p in model.parameters():
        p.register_hook(torch.zeros_like)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
