# misconception: wrong-result
def start_weights(classes):
    if len(classes) < 2:
        return []
    inverse = [1 / math.log(n) for n in classes]
    return [len(classes) * w / sum(inverse) for w in inverse]
