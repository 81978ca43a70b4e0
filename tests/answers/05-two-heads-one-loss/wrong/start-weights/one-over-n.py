# misconception: wrong-result
def start_weights(classes):
    inverse = [1 / n for n in classes]
    return [len(classes) * x / sum(inverse) for x in inverse]
