# misconception: wrong-result
def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.AdamW([p.clone().detach().requires_grad_() for p in model.fc.parameters()], lr=lr)
