# misconception: wrong-result
def start_weights(classes):
    inverse = [1 / math.log(n) for n in classes]
    return [2 * x / sum(inverse) for x in inverse]
