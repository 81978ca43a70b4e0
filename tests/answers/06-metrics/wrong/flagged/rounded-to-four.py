# misconception: wrong-result
def flagged(logits, threshold):
    return (logits.softmax(1)[:, 1] * 10000).round() / 10000 >= threshold
