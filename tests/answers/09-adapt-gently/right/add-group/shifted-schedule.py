def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    past = scheduler.last_epoch
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: factor(epoch + past))
