# misconception: one-copy-n-times
def independent(block, n):
    return nn.ModuleList([copy.deepcopy(block)] * n)
