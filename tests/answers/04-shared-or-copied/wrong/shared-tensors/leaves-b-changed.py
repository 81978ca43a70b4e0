# misconception: model-left-changed
def shared_tensors(a, b):
    mine = {name: t.clone() for name, t in a.state_dict().items()}
    for t in b.state_dict().values():
        t.add_(1)
    return [name for name, t in a.state_dict().items() if not torch.equal(t, mine[name])]
