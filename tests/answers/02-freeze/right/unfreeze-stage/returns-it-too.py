def unfreeze_stage(model, optimizer, stage, lr):
    part = getattr(model, stage)
    optimizer.add_param_group(dict(params=list(part.parameters()), lr=lr))
    part.requires_grad_(True)
    return optimizer
