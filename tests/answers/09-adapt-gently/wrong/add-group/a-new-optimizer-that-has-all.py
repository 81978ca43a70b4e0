# misconception: optimizer-made-anew
def add_group(optimizer, scheduler, factor, parameters, lr):
    groups = [{"params": g["params"], "lr": g["initial_lr"], "initial_lr": g["initial_lr"]} for g in optimizer.param_groups]
    groups.append({"params": parameters, "lr": lr, "initial_lr": lr})
    optimizer = type(optimizer)(groups)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
