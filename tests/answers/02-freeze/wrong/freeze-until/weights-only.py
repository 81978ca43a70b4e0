# misconception: biases-forgotten
def freeze_until(model, stage):
    rest = stage is not None
    for name, child in model.named_children():
        for key, p in child.named_parameters():
            p.requires_grad = not (rest and key.endswith("weight"))
        if name == stage:
            rest = False
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
