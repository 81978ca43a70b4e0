# misconception: loss-scale-is-not-difficulty
def start_weights(classes):
    return [2.0] + [1.0] * (len(classes) - 1)
