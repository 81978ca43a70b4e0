# misconception: model-left-changed
def what_moved(model, action):
    b = {n: t.clone() for n, t in model.state_dict().items()}
    action()
    r = [n for n, t in model.state_dict().items() if not torch.equal(t, b[n])]
    model.load_state_dict(b)
    return r
