# misconception: backbone-not-frozen
def last_stage_too(model, head_rate, stage_rate):
    model.requires_grad_(True)
    return torch.optim.AdamW([
        {"params": model.fc.parameters(), "lr": head_rate},
        {"params": model.layer4.parameters(), "lr": stage_rate},
    ])
