# misconception: layer-forgotten
def freeze_until(model, stage):
    stages = ["conv1", "layer1", "layer2", "layer3", "layer4"]
    model.requires_grad_(True)
    if stage is not None:
        for name in stages[:stages.index(stage) + 1 if stage in stages else 1]:
            getattr(model, name).requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
