# misconception: nothing-returned
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
