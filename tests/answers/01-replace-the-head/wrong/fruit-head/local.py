# misconception: wrong-result
def fruit_head(model, n):
    fc = model.fc
    fc = nn.Linear(fc.in_features, n)
    return model
