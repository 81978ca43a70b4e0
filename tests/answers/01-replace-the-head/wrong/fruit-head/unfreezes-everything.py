# misconception: model-left-changed
def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, n)
    for p in model.parameters():
        p.requires_grad = True
    return model
