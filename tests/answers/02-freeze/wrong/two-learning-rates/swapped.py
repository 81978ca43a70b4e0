# misconception: wrong-learning-rate
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.AdamW([{"params": body, "lr": head_lr}, {"params": model.fc.parameters(), "lr": backbone_lr}])
