# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch).requires_grad_() for branch in model.branches)
    return model
