# misconception: stacked-on-logits
def replace_head(model, n):
    return nn.Sequential(model, nn.Linear(1000, n))
