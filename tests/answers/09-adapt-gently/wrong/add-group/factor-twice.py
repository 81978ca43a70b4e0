# misconception: factor-twice
def add_group(optimizer, scheduler, factor, parameters, lr):
    now = lr * factor(scheduler.last_epoch)
    optimizer.add_param_group({"params": parameters, "lr": now, "initial_lr": now})
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
