def untie(model):
    import pickle
    model.branches = nn.ModuleList(pickle.loads(pickle.dumps(branch)) for branch in model.branches)
    return model
