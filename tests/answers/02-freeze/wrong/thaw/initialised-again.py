# misconception: optimizer-made-anew
def thaw(model, optimizer, stage, rate):
    part = model.get_submodule(stage).requires_grad_(True)
    old = optimizer.param_groups[0]["lr"]
    optimizer.__init__([{"params": model.fc.parameters(), "lr": old}, {"params": part.parameters(), "lr": rate}], momentum=0.9)
