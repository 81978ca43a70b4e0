# misconception: wrong-result
def untie(model):
    branches = [copy.deepcopy(branch) for branch in model.branches]
    del model.branches
    model.branches = branches
    return model
