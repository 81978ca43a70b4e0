# misconception: one-object-n-times
def independent(block, n):
    return nn.ModuleList([block] * n)
