# misconception: group-incomplete
def decay_groups(model, decay):
    from collections import Counter

    seen = Counter(p for m in model.modules() for p in m._parameters.values() if p is not None)
    trainable = [p for p in model.parameters() if p.requires_grad and seen[p] == 1]
    return [
        {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
    ]
