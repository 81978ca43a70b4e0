# misconception: never-unfreezes
def freeze_until(model, stage):
    if stage is not None:
        frozen = True
        for name, child in model.named_children():
            child.requires_grad_(not frozen)
            frozen = frozen and name != stage
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
