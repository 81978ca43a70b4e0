# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(model.branches[0]) for branch in model.branches)
    return model
