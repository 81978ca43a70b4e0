# misconception: copy-keeps-sharing
def untie(model):
    return copy.deepcopy(model)
