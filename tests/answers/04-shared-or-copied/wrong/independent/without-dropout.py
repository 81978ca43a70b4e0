# misconception: wrong-result
def independent(block, n):
    kept = nn.Sequential(*(layer for layer in block if not isinstance(layer, nn.Dropout2d)))
    kept.training = block.training
    return nn.ModuleList(copy.deepcopy(kept) for _ in range(n))
