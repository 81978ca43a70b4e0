# misconception: backbone-not-frozen
def prepare(model, n, lr):
    for p in model.parameters():
        p.require_grad = False
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.AdamW(model.fc.parameters(), lr=lr)
