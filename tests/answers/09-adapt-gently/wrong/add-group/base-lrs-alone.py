# misconception: scheduler-not-extended
def add_group(optimizer, scheduler, factor, parameters, lr):
    at = lr * factor(scheduler.last_epoch)
    optimizer.add_param_group({"params": parameters, "lr": at, "initial_lr": lr})
    scheduler.base_lrs.append(lr)
    return scheduler
