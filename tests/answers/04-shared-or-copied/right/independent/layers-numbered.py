def independent(block, n):
    branches = nn.ModuleList(nn.Sequential(*map(copy.deepcopy, block)) for _ in range(n))
    for branch in branches:
        branch.training = block.training
    return branches
