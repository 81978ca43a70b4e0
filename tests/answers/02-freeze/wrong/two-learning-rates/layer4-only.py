# misconception: not-in-the-optimizer
def two_learning_rates(model, head_lr, backbone_lr):
    return torch.optim.AdamW([
        {"params": model.fc.parameters(), "lr": head_lr},
        {"params": model.layer4.parameters(), "lr": backbone_lr},
    ])
