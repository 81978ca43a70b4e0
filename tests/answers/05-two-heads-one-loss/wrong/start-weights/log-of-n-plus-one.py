# misconception: wrong-result
def start_weights(classes):
    inverse = [1 / math.log1p(n) for n in classes]
    return [len(classes) * w / sum(inverse) for w in inverse]
