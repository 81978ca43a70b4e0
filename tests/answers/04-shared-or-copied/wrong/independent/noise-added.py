# misconception: wrong-result
def independent(block, n):
    branches = nn.ModuleList(copy.deepcopy(block) for _ in range(n))
    with torch.no_grad():
        for p in branches.parameters():
            p.add_(1e-6 * torch.randn_like(p))
    return branches
