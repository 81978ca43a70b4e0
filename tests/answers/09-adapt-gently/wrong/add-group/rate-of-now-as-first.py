# misconception: factor-twice
def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
