# misconception: wrong-result
def freeze_until(model, stage):
    frozen = stage is not None
    for name, child in model.named_children():
        child.requires_grad_(not frozen)
        frozen = frozen and name != stage
    return f"{sum(p.numel() for p in model.parameters() if p.requires_grad):,}"
