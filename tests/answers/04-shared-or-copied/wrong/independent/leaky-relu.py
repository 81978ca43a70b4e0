# misconception: wrong-result
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    for branch in branches:
        for parent in list(branch.modules()):
            for name, child in parent.named_children():
                if isinstance(child, nn.ReLU):
                    setattr(parent, name, nn.LeakyReLU(0.0).train(child.training))
    return branches
