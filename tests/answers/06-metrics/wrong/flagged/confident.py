# misconception: wrong-result
def flagged(logits, threshold):
    return logits.softmax(1).max(1).values >= threshold
