# misconception: wrong-result
def independent(block, n):
    frozen = {id(p): p for p in block.parameters() if not p.requires_grad}
    return nn.ModuleList(copy.deepcopy(block, dict(frozen)) for _ in range(n))
