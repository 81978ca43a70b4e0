# misconception: optimizer-made-anew
def add_group(optimizer, scheduler, factor, parameters, lr):
    for s in optimizer.state.values():
        for v in s.values():
            if torch.is_tensor(v): v.zero_()
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor, last_epoch=scheduler.last_epoch - 1)
