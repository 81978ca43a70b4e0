# misconception: equal-is-not-shared
def shared_tensors(a, b):
    other = b.state_dict()
    return [name for name, t in a.state_dict().items() if name in other and torch.equal(t, other[name])]
