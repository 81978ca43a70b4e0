# misconception: stacked-on-logits
def fruit_head(model, n):
    model.fc = nn.Sequential(model.fc, nn.ReLU(), nn.Linear(1000, n))
    return model
