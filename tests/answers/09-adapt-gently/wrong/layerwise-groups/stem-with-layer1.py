# misconception: stages-miscounted
def layerwise_groups(model, lr, factor):
    stages = [model.fc, model.layer4, model.layer3, model.layer2]
    stages.append(nn.ModuleList([model.conv1, model.bn1, model.layer1]))
    return [{"params": [p for p in s.parameters() if p.requires_grad], "lr": lr * factor**i} for i, s in enumerate(stages)]
