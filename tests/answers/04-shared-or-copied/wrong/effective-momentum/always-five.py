# misconception: wrong-result
def effective_momentum(momentum, branches):
    return 1 - (1 - momentum) ** 5
