# misconception: model-left-changed
def percent_saved(model, n):
    before = sum(p.numel() for p in model.parameters())
    model.fc = nn.Linear(model.fc.in_features, n)
    return 100 * (before - sum(p.numel() for p in model.parameters())) / before
