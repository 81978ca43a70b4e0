def add_group(optimizer, scheduler, factor, parameters, lr):
    for p in parameters:
        optimizer.add_param_group({"params": [p], "lr": lr})
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", lr)
    everywhere = [factor] * len(optimizer.param_groups)
    epoch = scheduler.last_epoch
    return torch.optim.lr_scheduler.LambdaLR(optimizer, everywhere, epoch - 1)
