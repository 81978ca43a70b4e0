def effective_momentum(momentum, branches):
    share = 0.0
    for _ in range(branches):
        share += momentum * (1 - share)
    return share
