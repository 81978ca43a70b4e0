# misconception: wrong-result
def fruit_head(model, n):
    model.fc = nn.Linear(n, model.fc.in_features)
    return model
