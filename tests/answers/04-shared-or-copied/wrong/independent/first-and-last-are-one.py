# misconception: one-copy-n-times
def independent(block, n):
    branches = [copy.deepcopy(block) for _ in range(n)]
    branches[-1] = branches[0]
    return nn.ModuleList(branches)
