# misconception: wrong-result
def start_weights(classes):
    first, second = (1 / math.log(n) for n in classes[:2])
    return [2 * first / (first + second), 2 * second / (first + second)]
