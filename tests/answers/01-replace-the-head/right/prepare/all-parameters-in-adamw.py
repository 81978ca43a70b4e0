def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.AdamW(model.parameters(), lr=lr)  # frozen ones have no gradient and are skipped
