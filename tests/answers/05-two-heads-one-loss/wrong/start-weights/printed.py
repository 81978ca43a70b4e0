# misconception: nothing-returned
def start_weights(classes):
    print([1 / math.log(n) for n in classes])
