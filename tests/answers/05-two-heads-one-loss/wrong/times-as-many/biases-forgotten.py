# misconception: biases-not-counted
def times_as_many(model):
    backbone, whole = (sum(p.numel() for name, p in part.named_parameters() if not name.endswith('bias')) for part in (model.backbone, model))
    return (backbone + whole) / whole
