# misconception: wrong-result
def fruit_head(model, n):
    model.old_head = model.fc
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
