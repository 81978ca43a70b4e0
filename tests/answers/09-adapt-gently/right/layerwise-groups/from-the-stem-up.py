def layerwise_groups(model, lr, factor):
    groups, rate = [], lr * factor**5
    for name, part in model.named_children():
        if name == "bn1":
            rate /= 1
        elif name.startswith("layer") or name == "fc":
            rate /= factor
        free = [p for p in part.parameters() if p.requires_grad]
        if free:
            groups.append({"params": iter(free), "lr": rate, "weight_decay": 0.01})
    return tuple(groups)
