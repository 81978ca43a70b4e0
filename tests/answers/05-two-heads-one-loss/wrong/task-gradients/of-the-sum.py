# misconception: gradient-of-the-sum
def task_gradients(losses, shared):
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(sum(losses), shared, retain_graph=True)])
    return [gradient, gradient]
