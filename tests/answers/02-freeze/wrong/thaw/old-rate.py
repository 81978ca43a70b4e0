# misconception: one-rate-for-all
def thaw(model, optimizer, stage, rate):
    optimizer.add_param_group({"params": model.get_submodule(stage).requires_grad_(True).parameters()})
