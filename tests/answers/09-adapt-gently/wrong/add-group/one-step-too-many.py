# misconception: wrong-result
def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    new = torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
    optimizer.step()
    return new
