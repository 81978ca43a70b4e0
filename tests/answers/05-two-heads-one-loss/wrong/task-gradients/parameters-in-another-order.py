# misconception: wrong-result
def task_gradients(losses, shared):
    found = [torch.cat([g.flatten() for g in torch.autograd.grad(loss, shared[::-1], retain_graph=True)]) for loss in losses]
    return found
