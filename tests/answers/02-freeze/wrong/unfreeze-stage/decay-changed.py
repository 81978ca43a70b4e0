# misconception: wrong-result
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    for g in optimizer.param_groups:
        g["weight_decay"] = 0.0
    optimizer.add_param_group({"params": part.parameters(), "lr": lr})
