def unfreeze_stage(model, optimizer, stage, lr):
    for name, p in model.named_parameters():
        if name.startswith(stage + "."):
            p.requires_grad = True
            optimizer.add_param_group({"params": [p], "lr": lr})
