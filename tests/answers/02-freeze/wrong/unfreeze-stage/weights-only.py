# misconception: still-frozen
def unfreeze_stage(model, optimizer, stage, lr):
    part = model.get_submodule(stage)
    for name, p in part.named_parameters():
        p.requires_grad = name.endswith("weight")
    optimizer.add_param_group({"params": part.parameters(), "lr": lr})
