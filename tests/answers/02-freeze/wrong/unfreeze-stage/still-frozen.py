# misconception: still-frozen
def unfreeze_stage(model, optimizer, stage, lr):
    optimizer.add_param_group({"params": model.get_submodule(stage).parameters(), "lr": lr})
