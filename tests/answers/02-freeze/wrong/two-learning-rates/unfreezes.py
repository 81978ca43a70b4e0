# misconception: model-left-changed
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p.requires_grad_(True) for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.AdamW([{"params": model.fc.parameters(), "lr": head_lr}, {"params": body, "lr": backbone_lr}])
