# misconception: wrong-result
def effective_momentum(momentum, branches):
    momentum = min(momentum, 0.99)
    return 1 - (1 - momentum) ** branches
