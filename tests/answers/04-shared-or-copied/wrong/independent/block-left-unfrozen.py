# misconception: model-left-changed
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    block.requires_grad_(True)
    return branches
