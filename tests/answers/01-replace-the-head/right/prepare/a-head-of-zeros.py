def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    nn.init.zeros_(model.fc.weight); nn.init.zeros_(model.fc.bias)
    return model, torch.optim.SGD(model.fc.parameters(), lr)
