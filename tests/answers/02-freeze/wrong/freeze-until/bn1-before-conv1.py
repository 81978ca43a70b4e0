# misconception: never-unfreezes
def freeze_until(model, stage):
    if stage is not None:
        stages = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
        for i, name in enumerate(stages):
            if i <= stages.index(stage):
                getattr(model, name).requires_grad_(False)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
