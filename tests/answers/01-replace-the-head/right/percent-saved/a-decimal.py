from decimal import Decimal
def percent_saved(model, n):
    gone = Decimal(1000 - n) * (model.fc.in_features + 1)
    return gone / sum(p.numel() for p in model.parameters()) * 100
