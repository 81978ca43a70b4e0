# misconception: wrong-result
def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, len(FRUITS))
    return model
