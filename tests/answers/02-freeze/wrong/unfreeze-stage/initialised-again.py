# misconception: optimizer-made-anew
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    old = optimizer.param_groups[0]["lr"]
    optimizer.__init__([{"params": model.fc.parameters(), "lr": old}, {"params": part.parameters(), "lr": lr}], momentum=0.9)
