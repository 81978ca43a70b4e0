# misconception: decay-misplaced
def decay_groups(model, decay):
    kinds = (nn.Conv2d, nn.Linear)
    weights = {m.weight for m in model.modules() if isinstance(m, kinds)}
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p in weights], "weight_decay": decay},
        {"params": [p for p in trainable if p not in weights], "weight_decay": 0.0},
    ]
