def prepare(model, n, lr):
    model.requires_grad_(False).eval()
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.LBFGS(model.fc.parameters(), lr=lr)
