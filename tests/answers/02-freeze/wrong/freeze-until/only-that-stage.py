# misconception: part-not-frozen
def freeze_until(model, stage):
    model.requires_grad_(True)
    if stage:
        model.get_submodule(stage).requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
