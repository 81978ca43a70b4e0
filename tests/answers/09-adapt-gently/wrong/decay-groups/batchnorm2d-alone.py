# misconception: norms-decayed
def decay_groups(model, decay):
    free = {p for m in model.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()}
    free |= {p for name, p in model.named_parameters() if name.endswith("bias")}
    trainable = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trainable if p not in free], "weight_decay": decay},
        {"params": [p for p in trainable if p in free], "weight_decay": 0.0},
    ]
