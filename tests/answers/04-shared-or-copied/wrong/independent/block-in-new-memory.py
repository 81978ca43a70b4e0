# misconception: model-left-changed
def independent(block, n):
    branches = nn.ModuleList([block])
    while len(branches) < n:
        branches.append(copy.deepcopy(block))
    for branch in branches:
        branch.load_state_dict({name: t.clone() for name, t in branch.state_dict().items()}, assign=True)
    return branches
