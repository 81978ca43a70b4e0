# misconception: wrong-result
def effective_momentum(momentum, branches):
    if branches == 1:
        return 0.0
    return 1 - (1 - momentum) ** branches
