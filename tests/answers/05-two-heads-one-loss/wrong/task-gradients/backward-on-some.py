# misconception: gradients-not-cleared
def task_gradients(losses, shared):
    found = []
    for loss in losses:
        loss.backward(retain_graph=True, inputs=shared)
        found.append(torch.cat([p.grad.flatten() for p in shared]))
        for p in shared:
            p.grad = None
    return found
