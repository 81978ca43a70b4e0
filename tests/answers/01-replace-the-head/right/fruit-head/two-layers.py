def fruit_head(model, n):
    model.fc = nn.Sequential(nn.Linear(model.fc.in_features, 64), nn.ReLU(), nn.Linear(64, n))
    return model
