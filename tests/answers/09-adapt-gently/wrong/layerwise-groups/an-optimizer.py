# misconception: wrong-result
def layerwise_groups(model, lr, factor):
    return torch.optim.SGD(model.parameters(), lr=lr)
