# misconception: stage-not-in-optimizer
def thaw(model, optimizer, stage, rate):
    model.get_submodule(stage).requires_grad_(True)
