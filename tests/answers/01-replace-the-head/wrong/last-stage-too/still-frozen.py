# misconception: stage-still-frozen
def last_stage_too(model, head_rate, stage_rate):
    return torch.optim.AdamW([
        {"params": model.fc.parameters(), "lr": head_rate},
        {"params": model.layer4.parameters(), "lr": stage_rate},
    ])
