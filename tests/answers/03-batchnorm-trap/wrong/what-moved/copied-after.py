# misconception: wrong-result
def what_moved(model, action):
    action()
    b = {n: t.clone() for n, t in model.state_dict().items()}
    return [n for n, t in model.state_dict().items() if not torch.equal(t, b[n])]
