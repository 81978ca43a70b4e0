import numpy as np

def count_parameters(model):
    return sum(np.prod(t.size()) for t in model.parameters())
