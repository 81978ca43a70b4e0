# misconception: over-the-batch
def flagged(logits, threshold):
    return logits.softmax(0)[:, 1] >= threshold
