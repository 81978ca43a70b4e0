# misconception: logits-taken-for-probabilities
def flagged(logits, threshold):
    return logits[:, 1] >= threshold
