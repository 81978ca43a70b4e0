# misconception: wrong-result
def task_gradients(losses, shared):
    return [torch.cat(sorted([g.flatten() for g in torch.autograd.grad(l, shared, retain_graph=True)], key=len)) for l in losses]
