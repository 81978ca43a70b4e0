def decay_groups(model, decay):
    groups = {0: [], decay: []}
    for _, p in sorted(model.named_parameters()):
        if p.requires_grad:
            groups[decay if len(p.shape) > 1 else 0].append(p)
    return [{"weight_decay": value, "params": group, "lr": 1e-3} for value, group in groups.items()]
