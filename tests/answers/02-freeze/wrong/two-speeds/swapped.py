# misconception: one-rate-for-all
def two_speeds(model, head_rate, backbone_rate):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.AdamW([{"params": body, "lr": head_rate}, {"params": model.fc.parameters(), "lr": backbone_rate}])
