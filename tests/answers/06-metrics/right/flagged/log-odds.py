import math

def flagged(logits, threshold):
    return logits @ torch.tensor([-1.0, 1.0]) >= math.log(threshold / (1 - threshold))
