# misconception: wrong-result
def task_gradients(losses, shared):
    found = []
    for loss in losses:
        gradients = torch.autograd.grad(loss, shared, retain_graph=True)
        found.append(torch.cat([g.flatten() for g in gradients]))
    return dict(enumerate(found))
