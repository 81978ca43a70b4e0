# misconception: gradients-not-cleared
def task_gradients(losses, shared):
    found = []
    for loss in losses:
        loss.backward(retain_graph=True)
        found.append(torch.cat([p.grad.flatten() for p in shared]))
    return found
