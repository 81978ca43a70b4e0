# misconception: values-left-out
def what_moved(model, action):
    b = {n: t.flatten()[0].clone() for n, t in model.state_dict().items()}
    action()
    return [n for n, t in model.state_dict().items() if t.flatten()[0] != b[n]]
