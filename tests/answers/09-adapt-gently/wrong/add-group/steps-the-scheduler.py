# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    scheduler.base_lrs.append(lr)
    scheduler.lr_lambdas.append(factor)
    scheduler.step()
    return scheduler
