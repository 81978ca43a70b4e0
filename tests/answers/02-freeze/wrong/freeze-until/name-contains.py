# misconception: prefix-too-greedy
def freeze_until(model, stage):
    stages = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    rest = stages[:stages.index(stage) + 1] if stage else []
    for name, p in model.named_parameters():
        p.requires_grad = not any(piece in name for piece in rest)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
