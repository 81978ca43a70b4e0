# misconception: wrong-result
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(b) for b in model.branches[:5])
    return model
