# misconception: graph-used-twice
def task_gradients(losses, shared):
    found = []
    for i, loss in enumerate(losses):
        gradients = torch.autograd.grad(loss, shared, retain_graph=i < len(losses) - 1)
        found.append(torch.cat([g.flatten() for g in gradients]))
    return found
