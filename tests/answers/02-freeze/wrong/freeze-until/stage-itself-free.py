# misconception: stage-left-out
def freeze_until(model, stage):
    model.requires_grad_(True)
    for name, child in model.named_children():
        if name == stage or stage is None:
            break
        child.requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
