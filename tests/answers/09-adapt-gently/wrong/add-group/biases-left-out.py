# misconception: not-in-the-optimizer
def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters[:1], "lr": lr, "initial_lr": lr})
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
