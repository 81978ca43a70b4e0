# misconception: nothing-returned
def effective_momentum(momentum, branches):
    print(1 - (1 - momentum) ** branches)
