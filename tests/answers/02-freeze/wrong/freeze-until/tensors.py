# misconception: tensors-not-numbers
def freeze_until(model, stage):
    rest = stage is not None
    for name, child in model.named_children():
        child.requires_grad_(not rest)
        if name == stage:
            rest = False
    return sum(p.requires_grad for p in model.parameters())
