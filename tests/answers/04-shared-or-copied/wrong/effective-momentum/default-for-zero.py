# misconception: wrong-result
def effective_momentum(momentum, branches):
    momentum = momentum or 0.1
    return 1 - (1 - momentum) ** branches
