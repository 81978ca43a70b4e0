# misconception: joined-at-epoch-zero
def add_group(optimizer, scheduler, factor, parameters, lr):
    start = scheduler.last_epoch
    optimizer.add_param_group({"params": parameters, "lr": lr * factor(0), "initial_lr": lr})
    scheduler.base_lrs.append(lr)
    scheduler.lr_lambdas.append(lambda epoch: factor(epoch - start))
    return scheduler
