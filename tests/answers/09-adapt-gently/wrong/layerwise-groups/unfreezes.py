# misconception: model-left-changed
def layerwise_groups(model, lr, factor):
    model.requires_grad_(True)
    stages = [model.fc, model.layer4, model.layer3, model.layer2, model.layer1]
    stages.append(nn.ModuleList([model.conv1, model.bn1]))
    return [{"params": list(stage.parameters()), "lr": lr * factor**depth} for depth, stage in enumerate(stages)]
