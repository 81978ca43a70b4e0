# misconception: stages-miscounted
def layerwise_groups(model, lr, factor):
    stem = nn.ModuleList([model.conv1, model.bn1])
    groups = []
    for stage in (model.fc, model.layer4, model.layer3, model.layer2, model.layer1, stem):
        trainable = [p for p in stage.parameters() if p.requires_grad]
        if trainable:
            groups.append({"params": trainable, "lr": lr * factor ** len(groups)})
    return groups
