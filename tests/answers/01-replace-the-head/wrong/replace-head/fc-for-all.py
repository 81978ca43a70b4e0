# misconception: fc-on-a-model-without-fc
def replace_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
