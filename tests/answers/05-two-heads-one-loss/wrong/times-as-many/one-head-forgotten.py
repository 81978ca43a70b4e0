# misconception: wrong-result
def times_as_many(model):
    count = lambda part: sum(p.numel() for p in part.parameters())
    backbone, head = count(model.backbone), count(model.fruit)
    return 2 * (backbone + head) / (backbone + 2 * head)
