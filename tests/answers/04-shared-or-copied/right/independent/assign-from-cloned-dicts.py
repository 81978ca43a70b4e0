def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    for branch in branches:
        branch.load_state_dict({name: t.clone() for name, t in block.state_dict().items()}, assign=True)
    return branches
