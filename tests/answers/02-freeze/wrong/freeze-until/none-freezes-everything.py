# misconception: wrong-result
def freeze_until(model, stage):
    frozen = True
    for name, child in model.named_children():
        child.requires_grad_(not frozen)
        if name == stage:
            frozen = False
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
