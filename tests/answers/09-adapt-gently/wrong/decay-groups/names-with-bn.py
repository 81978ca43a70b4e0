# misconception: norms-decayed
def decay_groups(model, decay):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    free = [name for name, _ in named if "bn" in name or "norm" in name or "bias" in name]
    return [
        {"params": [p for name, p in named if name not in free], "weight_decay": decay},
        {"params": [p for name, p in named if name in free], "weight_decay": 0.0},
    ]
