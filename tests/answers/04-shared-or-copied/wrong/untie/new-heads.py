# misconception: pretrained-discarded
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    model.heads = nn.ModuleList(nn.Linear(head.in_features, head.out_features) for head in model.heads)
    return model
