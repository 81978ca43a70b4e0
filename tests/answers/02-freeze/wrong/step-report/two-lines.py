# misconception: parameters-only
def step_report(model, step):
    before = [p.detach().clone() for p in model.parameters()]
    step()
    moved = [(p.requires_grad, not torch.equal(p, old)) for p, old in zip(model.parameters(), before)]
    return {"trainable": (sum(m for t, m in moved if t), sum(t for t, _ in moved)),
            "frozen": (sum(m for t, m in moved if not t), sum(not t for t, _ in moved))}
