# misconception: wrong-result
def start_weights(classes):
    import numpy as np

    inverse = 1 / np.log(classes)
    return len(classes) * inverse / inverse.sum()
