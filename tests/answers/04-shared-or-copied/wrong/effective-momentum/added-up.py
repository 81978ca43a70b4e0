# misconception: updates-add-up
def effective_momentum(momentum, branches):
    return momentum * branches
