from fractions import Fraction

def times_as_many(model):
    backbone, whole = (sum(p.numel() for p in part.parameters()) for part in (model.backbone, model))
    return 1 + Fraction(backbone, whole)
