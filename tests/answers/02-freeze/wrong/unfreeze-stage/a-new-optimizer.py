# misconception: optimizer-made-anew
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    return torch.optim.SGD([{"params": model.fc.parameters(), "lr": 1e-2}, {"params": part.parameters(), "lr": lr}], momentum=0.9)
