# misconception: model-left-changed
def times_as_many(model):
    model.requires_grad_(True)
    count = lambda part: sum(p.numel() for p in part.parameters() if p.requires_grad)
    backbone, heads = count(model.backbone), count(model.fruit) + count(model.fresh)
    return (2 * backbone + heads) / (backbone + heads)
