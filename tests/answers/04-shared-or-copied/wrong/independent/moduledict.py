# misconception: wrong-result
def independent(block, n):
    return nn.ModuleDict({f"branch{i}": copy.deepcopy(block) for i in range(n)})
