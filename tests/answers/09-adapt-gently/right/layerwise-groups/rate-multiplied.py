def layerwise_groups(model, lr, factor):
    groups, rate = [], lr
    for stage in ("fc", "layer4", "layer3", "layer2", "layer1", "conv1 bn1"):
        params = tuple(p for name in stage.split() for p in getattr(model, name).parameters()
                       if p.requires_grad)
        if params:
            groups.append({"params": params, "lr": rate, "name": stage})
        rate *= factor
    return groups
