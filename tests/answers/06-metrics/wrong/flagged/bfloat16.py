# misconception: wrong-result
def flagged(logits, threshold):
    return logits.bfloat16().softmax(1)[:, 1] >= threshold
