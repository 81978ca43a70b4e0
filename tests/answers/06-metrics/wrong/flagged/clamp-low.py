# misconception: wrong-result
def flagged(logits, threshold):
    return logits.softmax(1)[:, 1] >= max(threshold, 0.05)
