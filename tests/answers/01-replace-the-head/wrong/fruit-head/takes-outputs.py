# misconception: wrong-result
def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.out_features, n)
    return model
