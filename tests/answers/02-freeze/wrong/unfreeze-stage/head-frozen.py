# misconception: wrong-result
def unfreeze_stage(model, optimizer, stage, lr):
    model.requires_grad_(False)
    part = model.get_submodule(stage).requires_grad_(True)
    optimizer.add_param_group({"params": part.parameters(), "lr": lr})
