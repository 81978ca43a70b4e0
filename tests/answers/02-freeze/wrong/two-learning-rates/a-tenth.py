# misconception: wrong-learning-rate
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return torch.optim.AdamW([{"params": body, "lr": head_lr / 10}, {"params": model.fc.parameters(), "lr": head_lr}])
