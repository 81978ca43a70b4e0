# misconception: wrong-result
def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    return model, torch.optim.AdamW(model.fc.parameters(), lr=lr)
