# misconception: not-in-the-optimizer
def two_learning_rates(model, head_lr, backbone_lr):
    named = model.named_parameters()
    head = [p for n, p in named if n.startswith("fc.")]
    rest = [p for n, p in named if not n.startswith("fc.") and p.requires_grad]
    return torch.optim.AdamW([{"params": head, "lr": head_lr}, {"params": rest, "lr": backbone_lr}])
