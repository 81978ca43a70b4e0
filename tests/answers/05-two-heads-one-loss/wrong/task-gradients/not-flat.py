# misconception: wrong-result
def task_gradients(losses, shared):
    return [torch.autograd.grad(loss, shared, retain_graph=True) for loss in losses]
