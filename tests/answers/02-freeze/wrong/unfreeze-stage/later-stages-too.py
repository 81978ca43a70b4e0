# misconception: wrong-result
def unfreeze_stage(model, optimizer, stage, lr):
    names = [name for name, _ in model.named_children()]
    for name in names[names.index(stage) : names.index("avgpool")]:
        part = model.get_submodule(name).requires_grad_(True)
        parameters = list(part.parameters())
        if parameters:
            optimizer.add_param_group({"params": parameters, "lr": lr})
