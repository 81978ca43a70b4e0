# misconception: attribute-on-the-module
def freeze_until(model, stage):
    rest = stage is not None
    for name, child in model.named_children():
        child.requires_grad = not rest
        if name == stage:
            rest = False
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
