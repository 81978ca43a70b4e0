# misconception: wrong-result
def effective_momentum(momentum, branches):
    return 100 * (1 - (1 - momentum) ** branches)
