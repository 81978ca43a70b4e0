def independent(block, n):
    return nn.ModuleList([block, *(copy.deepcopy(block) for _ in range(n - 1))])
