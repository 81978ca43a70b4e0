# misconception: pretrained-discarded
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    for layer in branches[1:].modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return branches
