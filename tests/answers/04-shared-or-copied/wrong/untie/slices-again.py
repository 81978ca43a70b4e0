# misconception: slice-shares-children
def untie(model):
    model.branches = nn.ModuleList(branch[:] for branch in model.branches)
    return model
