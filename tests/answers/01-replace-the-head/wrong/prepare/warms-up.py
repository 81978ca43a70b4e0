# misconception: wrong-result
def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    optimizer = torch.optim.AdamW(model.fc.parameters(), lr=lr)
    torch.optim.lr_scheduler.LinearLR(optimizer)
    return model, optimizer
