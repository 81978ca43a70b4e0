# misconception: wrong-result
def times_as_many(model):
    count = lambda part: sum(p.numel() for p in part.parameters())
    return 2 * count(model.backbone) / count(model)
