# misconception: values-left-out
def what_moved(model, action):
    b = {n: t.clone() for n, t in model.state_dict().items()}
    action()
    return [n for n, t in model.state_dict().items() if not torch.allclose(t, b[n])]
