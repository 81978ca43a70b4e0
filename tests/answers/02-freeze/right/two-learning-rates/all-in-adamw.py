def two_learning_rates(model, head_lr, backbone_lr):
    head = set(model.fc.parameters())
    body = [p for p in model.parameters() if p not in head]  # the frozen ones too: their gradient is None
    return torch.optim.AdamW([{"params": list(head), "lr": head_lr}, {"params": body}], lr=backbone_lr, weight_decay=0.1)
