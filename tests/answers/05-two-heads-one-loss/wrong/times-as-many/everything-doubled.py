# misconception: heads-counted-twice
def times_as_many(model):
    size = sum(p.numel() for p in model.parameters())
    return 2 * size / size
