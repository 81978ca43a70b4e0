# misconception: wrong-result
def freeze_until(model, stage):
    rest = stage is not None
    model.requires_grad_(not rest)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
