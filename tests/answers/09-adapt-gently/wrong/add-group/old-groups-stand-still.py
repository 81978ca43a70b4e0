# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    now = scheduler.last_epoch
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    old = len(optimizer.param_groups) - 1
    still = factor(now)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, [lambda e: still] * old + [factor], now - 1)
