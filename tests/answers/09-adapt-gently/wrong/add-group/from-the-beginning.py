# misconception: schedule-starts-again
def add_group(optimizer, scheduler, factor, parameters, lr):
    optimizer.add_param_group({"params": parameters, "lr": lr})
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
