def flagged(logits, threshold):
    return logits.double().softmax(1)[:, 1] >= threshold
