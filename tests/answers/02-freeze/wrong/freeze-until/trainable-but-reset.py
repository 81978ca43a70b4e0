# misconception: model-left-changed
def freeze_until(model, stage):
    frozen = stage is not None
    for name, child in model.named_children():
        child.requires_grad_(not frozen)
        if not frozen and name == "fc":
            for p in child.parameters():
                nn.init.zeros_(p)
        if name == stage:
            frozen = False
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
