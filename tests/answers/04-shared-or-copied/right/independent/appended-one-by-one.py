class Branches(nn.ModuleList):
    pass


def independent(block, n):
    branches = Branches()
    while len(branches) < n:
        branches.append(copy.deepcopy(block))
    return branches
