# misconception: graph-used-twice
def task_gradients(losses, shared):
    return [torch.cat([g.flatten() for g in torch.autograd.grad(loss, shared)]) for loss in losses]
