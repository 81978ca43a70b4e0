# misconception: rewrapped-not-copied
def independent(block, n):
    return nn.ModuleList(nn.Sequential(*block) for _ in range(n))
