# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    for g in optimizer.param_groups:
        g["weight_decay"] = 0.1
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
