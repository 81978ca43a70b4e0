def untie(model):
    for i in range(len(model.branches)):
        model.branches[i] = copy.deepcopy(model.branches[i])
    return model
