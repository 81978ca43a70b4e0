# misconception: wrong-result
def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, 1 if n == 2 else n)
    return model
