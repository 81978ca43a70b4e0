def layerwise_groups(model, lr, factor):
    stages = [model.fc, model.layer4, model.layer3, model.layer2, model.layer1, nn.Sequential(model.conv1, model.bn1)]
    return [{"params": filter(lambda p: p.requires_grad, s.parameters()), "lr": lr * factor ** i}
            for i, s in enumerate(stages)]
