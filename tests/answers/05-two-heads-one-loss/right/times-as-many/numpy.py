import numpy as np

def times_as_many(model):
    backbone, whole = (np.sum([np.prod(p.shape) for p in part.parameters()]) for part in (model.backbone, model))
    return (backbone + whole) / whole
