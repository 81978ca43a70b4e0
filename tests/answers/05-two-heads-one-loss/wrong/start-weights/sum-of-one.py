# misconception: wrong-result
def start_weights(classes):
    inverse = [1 / math.log(n) for n in classes]
    return [x / sum(inverse) for x in inverse]
