# misconception: rates-upside-down
def layerwise_groups(model, lr, factor):
    stages = [nn.ModuleList([model.conv1, model.bn1]), model.layer1, model.layer2, model.layer3, model.layer4, model.fc]
    return [
        {"params": [p for p in stage.parameters() if p.requires_grad], "lr": lr * factor**depth}
        for depth, stage in enumerate(stages)
    ]
