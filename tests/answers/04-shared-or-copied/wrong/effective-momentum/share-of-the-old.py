# misconception: share-of-the-old
def effective_momentum(momentum, branches):
    return (1 - momentum) ** branches
