# misconception: never-unfreezes
def freeze_until(model, stage):
    if stage is not None:
        for name, child in model.named_children():
            child.requires_grad_(False)
            if name == stage:
                break
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
