# misconception: backbone-not-frozen
def prepare(model, n, lr):
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.AdamW(model.parameters(), lr=lr)
