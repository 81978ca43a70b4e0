# misconception: wrong-result
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    optimizer.add_param_group({"params": part.parameters(), "lr": lr, "maximize": True})
