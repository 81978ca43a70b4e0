# misconception: optimizer-before-swap
def prepare(model, n, lr):
    for p in model.parameters():
        p.requires_grad = False
    optimizer = torch.optim.AdamW(model.fc.parameters(), lr=lr)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, optimizer
