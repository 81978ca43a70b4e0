def effective_momentum(momentum, branches):
    bn = nn.BatchNorm1d(1, momentum=momentum)
    for _ in range(branches):
        bn(torch.ones(2, 1))
    return bn.running_mean.item()
