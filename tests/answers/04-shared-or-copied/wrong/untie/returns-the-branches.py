# misconception: wrong-result
def untie(model):
    return nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
