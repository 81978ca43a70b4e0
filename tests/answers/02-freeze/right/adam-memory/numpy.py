def adam_memory(model):
    import numpy as np
    return np.float64(sum(2 * np.prod(p.shape) for p in model.parameters() if p.requires_grad))
