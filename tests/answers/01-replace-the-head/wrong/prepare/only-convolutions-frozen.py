# misconception: backbone-not-frozen
def prepare(model, n, lr):
    for p in model.parameters():
        p.requires_grad = p.ndim == 1
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.AdamW(model.fc.parameters(), lr=lr)
