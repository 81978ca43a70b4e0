def thaw(model, optimizer, stage, rate):
    for name, p in model.named_parameters():
        if name.startswith(stage + "."):
            p.requires_grad = True
            optimizer.add_param_group({"params": [p], "lr": rate})
