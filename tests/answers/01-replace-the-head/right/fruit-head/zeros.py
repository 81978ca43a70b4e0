def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, n)
    nn.init.zeros_(model.fc.weight)
    nn.init.zeros_(model.fc.bias)
    return model
