# misconception: wrong-result
def independent(block, n):
    return nn.Sequential(*(copy.deepcopy(block) for _ in range(n)))
