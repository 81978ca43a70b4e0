# misconception: input-changed
def task_gradients(losses, shared):
    found = [torch.cat([g.flatten() for g in torch.autograd.grad(loss, shared, retain_graph=True)]) for loss in losses]
    for p in shared:
        p.requires_grad_(False)
    return found
