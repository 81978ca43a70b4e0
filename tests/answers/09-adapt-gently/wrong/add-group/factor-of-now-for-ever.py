# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    now = factor(scheduler.last_epoch)
    optimizer.add_param_group({"params": parameters, "lr": lr * now, "initial_lr": lr})
    scheduler.base_lrs.append(lr)
    scheduler.lr_lambdas.append(lambda epoch: now)
    return scheduler
