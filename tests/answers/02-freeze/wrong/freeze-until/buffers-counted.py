# misconception: buffers-counted
def freeze_until(model, stage):
    names = [name for name, _ in model.named_children()]
    cut = names.index(stage) + 1 if stage else 0
    for i, child in enumerate(model.children()):
        child.requires_grad_(i >= cut)
    return sum(t.numel() for child in list(model.children())[cut:] for t in child.state_dict().values())
