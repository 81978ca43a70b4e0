# misconception: input-changed
def start_weights(classes):
    classes.sort()
    inverse = [1 / math.log(n) for n in classes]
    return [len(classes) * x / sum(inverse) for x in inverse]
