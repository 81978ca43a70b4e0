from fractions import Fraction


def layerwise_groups(model, lr, factor):
    late_first = ["fc", "layer4", "layer3", "layer2", "layer1", "bn1", "conv1"]
    groups = []
    for depth, name in enumerate(late_first):
        trainable = [p for p in getattr(model, name).parameters() if p.requires_grad]
        rate = Fraction(lr) * Fraction(factor) ** min(depth, 5)
        groups.append({"params": trainable, "lr": rate})
    return groups
