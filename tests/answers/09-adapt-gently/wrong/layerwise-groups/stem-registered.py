# misconception: model-left-changed
def layerwise_groups(model, lr, factor):
    model.stem = nn.Sequential(model.conv1, model.bn1)
    stages = [model.fc, model.layer4, model.layer3, model.layer2, model.layer1, model.stem]
    return [{"params": [p for p in s.parameters() if p.requires_grad], "lr": lr * factor ** i}
            for i, s in enumerate(stages)]
