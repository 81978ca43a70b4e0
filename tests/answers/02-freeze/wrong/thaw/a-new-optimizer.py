# misconception: optimizer-made-anew
def thaw(model, optimizer, stage, rate):
    part = model.get_submodule(stage).requires_grad_(True)
    return torch.optim.SGD([{"params": model.fc.parameters(), "lr": 1e-2}, {"params": part.parameters(), "lr": rate}], momentum=0.9)
