# misconception: gradients-not-cleared
def task_gradients(losses, shared):
    before = [p.grad for p in shared]
    found = []
    for loss in losses:
        for p in shared:
            p.grad = None
        loss.backward(retain_graph=True)
        found.append(torch.cat([p.grad.flatten() for p in shared]))
    for p, old in zip(shared, before):
        p.grad = old
    return found
