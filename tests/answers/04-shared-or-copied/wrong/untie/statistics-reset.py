# misconception: pretrained-discarded
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    for layer in model.branches.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    return model
