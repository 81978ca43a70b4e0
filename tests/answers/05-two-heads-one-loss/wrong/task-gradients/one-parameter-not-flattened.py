# misconception: wrong-result
def task_gradients(losses, shared):
    found = []
    for loss in losses:
        gradients = torch.autograd.grad(loss, shared, retain_graph=True)
        found.append(torch.cat([g.flatten() for g in gradients]) if len(shared) > 1 else gradients[0])
    return found
