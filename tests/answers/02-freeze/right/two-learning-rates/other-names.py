def two_learning_rates(net, a, b):
    return torch.optim.SGD([{"params": net.fc.parameters(), "lr": a}, {"params": [p for n, p in net.named_parameters() if not n.startswith("fc.")], "lr": b}], momentum=0.9)
