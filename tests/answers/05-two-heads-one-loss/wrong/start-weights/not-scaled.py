# misconception: wrong-result
def start_weights(classes):
    return [1 / math.log(n) for n in classes]
