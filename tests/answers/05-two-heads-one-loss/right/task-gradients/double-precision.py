def task_gradients(losses, shared):
    return [torch.cat([g.double().reshape(-1) for g in torch.autograd.grad(l, shared, retain_graph=True)]) for l in losses]
