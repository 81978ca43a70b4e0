# misconception: wrong-result
def untie(model):
    model.branches = nn.Sequential(*(copy.deepcopy(branch) for branch in model.branches))
    return model
