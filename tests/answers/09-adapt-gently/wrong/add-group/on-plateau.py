# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    now = lr * factor(scheduler.last_epoch)
    optimizer.add_param_group({"params": parameters, "lr": now, "initial_lr": lr})
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
