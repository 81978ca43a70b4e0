import numpy as np

def decide(probabilities, costs):
    return torch.from_numpy(np.argmin(probabilities.numpy() @ costs.numpy(), axis=1))
