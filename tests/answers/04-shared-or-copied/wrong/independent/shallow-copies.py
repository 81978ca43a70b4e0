# misconception: shallow-copy
def independent(block, n):
    return nn.ModuleList(copy.copy(block) for _ in range(n))
