# misconception: at-least-includes-equal
def flagged(logits, threshold):
    return logits.softmax(1)[:, 1] > threshold
