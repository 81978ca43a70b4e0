def two_speeds(model, head_rate, backbone_rate):
    head = set(model.fc.parameters())
    body = [p for p in model.parameters() if p not in head]  # the frozen ones too: their gradient is None
    return torch.optim.AdamW([{"params": list(head), "lr": head_rate}, {"params": body}], lr=backbone_rate, weight_decay=0.1)
