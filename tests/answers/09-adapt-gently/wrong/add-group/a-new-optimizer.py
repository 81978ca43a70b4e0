# misconception: optimizer-made-anew
def add_group(optimizer, scheduler, factor, parameters, lr):
    groups = [{"params": g["params"], "lr": g["initial_lr"]} for g in optimizer.param_groups]
    groups.append({"params": parameters, "lr": lr})
    anew = type(optimizer)(groups)
    for g in anew.param_groups:
        g["initial_lr"] = g["lr"]
    return torch.optim.lr_scheduler.LambdaLR(anew, factor, last_epoch=scheduler.last_epoch - 1)
