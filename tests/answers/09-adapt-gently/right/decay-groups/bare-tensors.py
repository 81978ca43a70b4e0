def decay_groups(model, decay):
    return [{"params": p, "weight_decay": decay if p.ndim > 1 else 0.0}
            for p in model.parameters() if p.requires_grad]
