def thaw(model, optimizer, stage, rate):
    part = getattr(model, stage)
    optimizer.add_param_group(dict(params=list(part.parameters()), lr=rate))
    part.requires_grad_(True)
    return optimizer
