# misconception: argmax-has-decided
def choose_threshold(probabilities, labels, purpose, least):
    return 0.5
