# misconception: frozen-not-counted
def times_as_many(model):
    backbone, whole = (sum(p.numel() for p in part.parameters() if p.requires_grad) for part in (model.backbone, model))
    return (backbone + whole) / whole
