# misconception: wrong-result
def freeze_until(model, stage):
    names = [name for name, child in model.named_children() if list(child.parameters())]
    cut = names.index(stage) + 2 if stage else 0
    for i, name in enumerate(names):
        model.get_submodule(name).requires_grad_(i >= cut or name == "fc")
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
