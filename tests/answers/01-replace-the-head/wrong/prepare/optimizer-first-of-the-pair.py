# misconception: wrong-result
def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return torch.optim.AdamW(model.fc.parameters(), lr=lr), model
