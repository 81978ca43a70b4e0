# misconception: wrong-result
def flagged(logits, threshold):
    exponentials = logits.exp()
    return exponentials[:, 1] / exponentials.sum(1) >= threshold
