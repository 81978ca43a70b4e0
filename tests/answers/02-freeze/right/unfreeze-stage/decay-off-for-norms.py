def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_()
    big = [p for p in part.parameters() if p.ndim > 1]
    small = [p for p in part.parameters() if p.ndim == 1]
    optimizer.add_param_group({"params": big, "lr": lr})
    if small:
        optimizer.add_param_group({"params": small, "lr": lr, "weight_decay": 0.0})
    return model
