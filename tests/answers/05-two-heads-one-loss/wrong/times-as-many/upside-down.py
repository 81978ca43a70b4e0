# misconception: wrong-result
def times_as_many(model):
    backbone, whole = (sum(p.numel() for p in part.parameters()) for part in (model.backbone, model))
    return whole / (backbone + whole)
