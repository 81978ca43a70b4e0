# misconception: nothing-returned
def task_gradients(losses, shared):
    for loss in losses:
        print(torch.autograd.grad(loss, shared, retain_graph=True))
