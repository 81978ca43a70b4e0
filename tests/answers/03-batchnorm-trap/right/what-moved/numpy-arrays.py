def what_moved(model, action):
    b = {n: t.detach().numpy().copy() for n, t in model.state_dict().items()}
    action()
    import numpy as np
    return {n for n, t in model.state_dict().items() if not np.array_equal(t.numpy(), b[n])}
