# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in reversed(model.branches))
    return model
