# misconception: loss-detached
def task_gradients(losses, shared):
    return [torch.cat([g.flatten() for g in torch.autograd.grad(loss.detach(), shared, retain_graph=True)]) for loss in losses]
