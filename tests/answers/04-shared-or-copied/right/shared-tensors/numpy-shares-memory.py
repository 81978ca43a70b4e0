import numpy as np


def shared_tensors(a, b):
    others = [t.numpy() for t in b.state_dict().values()]
    return {name for name, t in a.state_dict().items() if any(np.shares_memory(t.numpy(), other) for other in others)}
