# misconception: pretrained-discarded
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    for layer in branches.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    return branches
