# misconception: fc-on-a-model-without-fc
def replace_head(model, n):
    width = model.fc.in_features if hasattr(model, "fc") else 1024
    model.fc = nn.Linear(width, n)
    return model
