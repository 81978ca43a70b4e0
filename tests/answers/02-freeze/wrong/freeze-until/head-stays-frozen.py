# misconception: never-unfreezes
def freeze_until(model, stage):
    stages = ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    cut = stages.index(stage) + 1 if stage else 0
    for i, name in enumerate(stages):
        model.get_submodule(name).requires_grad_(i >= cut)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
