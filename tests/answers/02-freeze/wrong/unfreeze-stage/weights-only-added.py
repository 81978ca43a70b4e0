# misconception: not-in-the-optimizer
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    optimizer.add_param_group({"params": [p for name, p in part.named_parameters() if name.endswith("weight")], "lr": lr})
