# misconception: stage-still-frozen
def thaw(model, optimizer, stage, rate):
    optimizer.add_param_group({"params": model.get_submodule(stage).parameters(), "lr": rate})
