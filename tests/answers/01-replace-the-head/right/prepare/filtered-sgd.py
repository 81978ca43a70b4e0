def prepare(model, n, lr):
    model.fc = nn.Linear(model.fc.in_features, n)
    for name, p in model.named_parameters():
        p.requires_grad = name.startswith("fc.")
    return model, torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr, momentum=0.9)
