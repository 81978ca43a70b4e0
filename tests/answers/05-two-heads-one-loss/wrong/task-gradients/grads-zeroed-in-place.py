# misconception: gradients-not-cleared
def task_gradients(losses, shared):
    kept = [p.grad for p in shared]
    found = []
    for loss in losses:
        for p in shared:
            if p.grad is not None:
                p.grad.zero_()
        loss.backward(retain_graph=True, inputs=shared)
        found.append(torch.cat([p.grad.flatten().clone() for p in shared]))
    for p, old in zip(shared, kept):
        p.grad = old
    return found
