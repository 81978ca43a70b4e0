import numpy as np


def freeze_until(model, stage):
    order = [None, "conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]
    trainable = np.zeros(1, dtype=np.int64)
    for name, p in model.named_parameters():
        first = name.split(".")[0]
        p.requires_grad = first not in order[: order.index(stage) + 1]
        trainable += p.requires_grad * p.numel()
    return trainable
