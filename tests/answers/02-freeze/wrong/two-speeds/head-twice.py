# misconception: parameter-twice
def two_speeds(model, head_rate, backbone_rate):
    return torch.optim.AdamW([{"params": model.fc.parameters(), "lr": head_rate}, {"params": model.parameters(), "lr": backbone_rate}])
