# misconception: parameters-in-one-memory
def independent(block, n):
    state, branches = block.state_dict(), nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    for branch in branches:
        branch.load_state_dict(state, assign=True)
    return branches
