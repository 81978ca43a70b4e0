# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch).requires_grad_(False) for branch in model.branches)
    return model
