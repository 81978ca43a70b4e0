# misconception: wrong-result
def untie(model):
    model = copy.deepcopy(model)
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    return model
