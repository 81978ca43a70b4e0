# misconception: wrong-result
def choose_threshold(probabilities, labels, purpose, least):
    return int(probabilities.argmax())
