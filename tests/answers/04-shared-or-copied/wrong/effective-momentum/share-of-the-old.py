# misconception: momentum-the-wrong-way
def effective_momentum(momentum, branches):
    return (1 - momentum) ** branches
