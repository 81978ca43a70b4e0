# misconception: joined-at-epoch-zero
def add_group(optimizer, scheduler, factor, parameters, lr):
    now = scheduler.last_epoch
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    old = len(optimizer.param_groups) - 1
    return torch.optim.lr_scheduler.LambdaLR(optimizer, [factor] * old + [lambda e: factor(e - now)], now - 1)
