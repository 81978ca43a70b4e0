# misconception: copy-keeps-sharing
def untie(model):
    model.branches = copy.deepcopy(model.branches)
    return model
