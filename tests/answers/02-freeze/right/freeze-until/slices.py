def freeze_until(model, stage):
    names = [name for name, _ in model.named_children()]
    cut = names.index(stage) + 1 if stage else 0
    for i, child in enumerate(model.children()):
        for p in child.parameters():
            p.requires_grad = i >= cut
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
