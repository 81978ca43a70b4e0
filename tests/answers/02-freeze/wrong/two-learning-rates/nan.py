# misconception: wrong-learning-rate
def two_learning_rates(model, head_lr, backbone_lr):
    body = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    optimizer = torch.optim.AdamW([{"params": body}, {"params": model.fc.parameters()}])
    for group in optimizer.param_groups:
        group["lr"] = float("nan")
    return optimizer
