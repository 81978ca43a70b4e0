from fractions import Fraction

def percent_saved(model, n):
    head = sum(p.numel() for p in model.fc.parameters())
    total = sum(p.numel() for p in model.parameters())
    return Fraction(100 * head * (1000 - n), 1000 * total)
