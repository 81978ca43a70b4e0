# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    start = scheduler.last_epoch
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    end = start + 3
    old = len(optimizer.param_groups) - 1
    return torch.optim.lr_scheduler.LambdaLR(optimizer, [factor] * old + [lambda e: factor(min(e, end))], start - 1)
