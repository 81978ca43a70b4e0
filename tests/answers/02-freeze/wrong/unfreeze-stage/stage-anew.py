# misconception: model-left-changed
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage).requires_grad_(True)
    for layer in part.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    optimizer.add_param_group({"params": part.parameters(), "lr": lr})
