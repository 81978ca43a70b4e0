# misconception: slice-shares-children
def independent(block, n):
    return nn.ModuleList(block[:] for _ in range(n))
