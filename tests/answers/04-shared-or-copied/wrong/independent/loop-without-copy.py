# misconception: one-object-n-times
def independent(block, n):
    branches = nn.ModuleList()
    for _ in range(n):
        branches.append(block)
    return branches
