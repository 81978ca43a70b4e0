# misconception: parameter-twice
def layerwise_groups(model, lr, factor):
    groups = []
    for depth, stage in enumerate(["fc", "layer4", "layer3", "layer2", "layer1", ("conv1", "bn1")]):
        words = (stage,) if isinstance(stage, str) else stage
        found = [p for name, p in model.named_parameters() if p.requires_grad and any(w in name for w in words)]
        groups.append({"params": found, "lr": lr * factor**depth})
    return groups
