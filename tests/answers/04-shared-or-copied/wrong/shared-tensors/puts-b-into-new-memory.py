# misconception: model-left-changed
def shared_tensors(a, b):
    mine = {name: t.clone() for name, t in a.state_dict().items()}
    kept = {name: t.clone() for name, t in b.state_dict().items()}
    for t in b.state_dict().values():
        t.add_(1)
    found = [name for name, t in a.state_dict().items() if not torch.equal(t, mine[name])]
    for own, old in ((a, mine), (b, kept)):  # as before
        own.load_state_dict(old, assign=True)
    return found
