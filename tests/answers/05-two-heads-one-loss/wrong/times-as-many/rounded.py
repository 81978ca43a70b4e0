# misconception: wrong-result
def times_as_many(model):
    n = lambda m: sum(p.numel() for p in m.parameters())
    return round((n(model) + n(model.backbone)) / n(model), 2)
