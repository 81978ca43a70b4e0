# misconception: not-in-the-optimizer
def unfreeze_stage(model, optimizer, stage, lr):
    new = model.get_submodule(stage).parameters()
    for p in new:
        p.requires_grad = True
    optimizer.add_param_group({"params": new, "lr": lr})
