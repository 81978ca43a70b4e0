def percent_saved(model, n):
    before = sum(p.numel() for p in model.parameters())
    model.fc = nn.Linear(model.fc.in_features, n)
    after = sum(p.numel() for p in model.parameters())
    return (before - after) / before * 100
