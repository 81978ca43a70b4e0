def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    options = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    optimizer.add_param_group({**options, "params": list(part.parameters()), "lr": lr, "initial_lr": lr})
