# misconception: not-logits
def fruit_head(model, n):
    model.fc = nn.Sequential(nn.Linear(model.fc.in_features, n), nn.Sigmoid())
    return model
