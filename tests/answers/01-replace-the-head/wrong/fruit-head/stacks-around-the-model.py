# misconception: stacked-on-logits
def fruit_head(model, n):
    return nn.Sequential(model, nn.Linear(1000, n))
