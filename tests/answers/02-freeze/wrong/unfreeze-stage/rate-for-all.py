# misconception: wrong-learning-rate
def unfreeze_stage(model, optimizer, stage, lr):
    optimizer.add_param_group({"params": model.get_submodule(stage).requires_grad_(True).parameters()})
    for group in optimizer.param_groups:
        group["lr"] = lr
