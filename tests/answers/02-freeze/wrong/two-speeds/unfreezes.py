# misconception: wrong-result
def two_speeds(model, head_rate, backbone_rate):
    body = [p.requires_grad_(True) for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.AdamW([{"params": model.fc.parameters(), "lr": head_rate}, {"params": body, "lr": backbone_rate}])
