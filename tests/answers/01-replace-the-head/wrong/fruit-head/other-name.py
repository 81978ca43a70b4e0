# misconception: new-layer-not-called
def fruit_head(model, n):
    model.head = nn.Linear(model.fc.in_features, n)
    return model
