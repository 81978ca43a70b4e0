# misconception: frozen-part-in-train-mode
def always_eval(backbone):
    return nn.Sequential(backbone, nn.Flatten())
