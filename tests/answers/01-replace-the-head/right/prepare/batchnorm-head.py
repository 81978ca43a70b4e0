def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Sequential(nn.BatchNorm1d(model.fc.in_features), nn.Dropout(0.2), nn.Linear(model.fc.in_features, n))
    return model, torch.optim.Adam(model.fc.parameters(), lr=lr)
