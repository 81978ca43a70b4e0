# misconception: wrong-result
def layerwise_groups(model, lr, factor):
    stages = [model.fc, model.layer4, model.layer3, model.layer2, model.layer1]
    stages.append(nn.ModuleList([model.conv1, model.bn1]))
    return [
        {"params": [p for p in stage.parameters() if p.requires_grad], "lr": lr * factor**depth if depth else None}
        for depth, stage in enumerate(stages)
    ]
