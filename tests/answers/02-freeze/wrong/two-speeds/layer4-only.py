# misconception: stage-not-in-optimizer
def two_speeds(model, head_rate, backbone_rate):
    return torch.optim.AdamW([
        {"params": model.fc.parameters(), "lr": head_rate},
        {"params": model.layer4.parameters(), "lr": backbone_rate},
    ])
