# misconception: wrong-result
def independent(block, n):
    return nn.ModuleList(copy.deepcopy(block) for _ in range(n)).requires_grad_(False)
