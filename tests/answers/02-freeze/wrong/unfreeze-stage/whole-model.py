# misconception: wrong-result
def unfreeze_stage(model, optimizer, stage, lr):
    model.requires_grad_(True)
    optimizer.add_param_group({"params": model.get_submodule(stage).parameters(), "lr": lr})
