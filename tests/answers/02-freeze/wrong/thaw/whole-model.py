# misconception: backbone-not-frozen
def thaw(model, optimizer, stage, rate):
    model.requires_grad_(True)
    optimizer.add_param_group({"params": model.get_submodule(stage).parameters(), "lr": rate})
