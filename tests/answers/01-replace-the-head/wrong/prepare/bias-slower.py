# misconception: wrong-result
def prepare(model, n, lr):
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.SGD([{"params": [model.fc.weight]}, {"params": [model.fc.bias], "lr": lr / 10}], lr=lr)
