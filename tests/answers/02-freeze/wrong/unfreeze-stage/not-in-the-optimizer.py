# misconception: not-in-the-optimizer
def unfreeze_stage(model, optimizer, stage, lr):
    model.get_submodule(stage).requires_grad_(True)
