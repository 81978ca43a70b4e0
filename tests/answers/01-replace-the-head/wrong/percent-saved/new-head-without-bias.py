# misconception: biases-not-counted
def percent_saved(model, n):
    new = nn.Linear(model.fc.in_features, n, bias=False).weight.numel()
    old = sum(p.numel() for p in model.fc.parameters())
    return 100 * (old - new) / sum(p.numel() for p in model.parameters())
