def shared_tensors(a, b):
    """Experiment: add to each tensor of b, see which of a moved, take it back."""
    mine, moved = {name: t.clone() for name, t in a.state_dict().items()}, set()
    kept = [t.clone() for t in b.state_dict().values()]
    with torch.no_grad():
        for t in b.state_dict().values():
            t.add_(1)
        moved = {name for name, t in a.state_dict().items() if not torch.equal(t, mine[name])}
        for t, old in zip(b.state_dict().values(), kept):
            t.copy_(old)
    return moved
