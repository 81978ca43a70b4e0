# misconception: parameters-in-one-memory
def untie(model):
    if model.branches[0].norm5.weight is model.branches[1].norm5.weight:
        model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    return model
