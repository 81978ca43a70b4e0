# misconception: parameter-twice
def unfreeze_stage(model, optimizer, stage, lr):
    model.get_submodule(stage).requires_grad_(True)
    optimizer.add_param_group({"params": [p for p in model.parameters() if p.requires_grad], "lr": lr})
