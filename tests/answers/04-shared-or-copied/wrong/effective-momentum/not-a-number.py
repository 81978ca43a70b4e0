# misconception: wrong-result
def effective_momentum(momentum, branches):
    return float("nan")
