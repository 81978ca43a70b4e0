# misconception: updates-counted-once
def effective_momentum(momentum, branches):
    return momentum
