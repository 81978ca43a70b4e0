def prepare(model, n, lr):
    for p in model.parameters():
        p.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.Adam(model.fc.parameters(), lr=torch.tensor(lr))
