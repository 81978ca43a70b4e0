# misconception: counted-before-freezing
def freeze_until(model, stage):
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    frozen = stage is not None
    for name, child in model.named_children():
        child.requires_grad_(not frozen)
        if name == stage:
            frozen = False
    return count
