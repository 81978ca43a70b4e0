# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=max(scheduler.last_epoch - 2, -1))
