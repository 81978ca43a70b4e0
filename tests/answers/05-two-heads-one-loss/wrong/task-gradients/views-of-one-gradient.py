# misconception: wrong-result
def task_gradients(losses, shared):
    out = []
    old = [None if p.grad is None else p.grad.clone() for p in shared]
    for l in losses:
        for p in shared:
            if p.grad is not None:
                p.grad.zero_()
        l.backward(retain_graph=True, inputs=shared)
        out.append(shared[0].grad.view(-1) if len(shared) == 1 else torch.cat([p.grad.flatten() for p in shared]))
    for p, g in zip(shared, old):
        p.grad = g
    return out
