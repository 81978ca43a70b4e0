def add_group(optimizer, scheduler, factor, parameters, lr):
    class Schedule:
        def __init__(self, epoch):
            self.last_epoch = epoch
            self.set()
        def set(self):
            for g in optimizer.param_groups:
                g["lr"] = g["initial_lr"] * factor(self.last_epoch)
        def step(self):
            self.last_epoch += 1
            self.set()
        def get_last_lr(self):
            return [g["lr"] for g in optimizer.param_groups]
    optimizer.add_param_group({"params": parameters, "lr": lr, "initial_lr": lr})
    return Schedule(scheduler.last_epoch)
