# misconception: pretrained-discarded
def untie(model):
    model.branches = nn.ModuleList(copy.deepcopy(branch) for branch in model.branches)
    for layer in model.branches.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return model
