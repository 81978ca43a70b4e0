def fruit_head(model, n):
    width = model.fc.in_features
    model.fc = nn.Sequential(nn.Unflatten(1, (width, 1, 1)), nn.Conv2d(width, n, 1), nn.Flatten())
    return model
