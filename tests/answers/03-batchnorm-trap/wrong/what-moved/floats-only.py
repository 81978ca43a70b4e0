# misconception: snapshot-incomplete
def what_moved(model, action):
    b = {n: t.clone() for n, t in model.state_dict().items() if t.is_floating_point()}
    action()
    return [n for n, t in model.state_dict().items() if n in b and (not torch.equal(t, b[n]))]
