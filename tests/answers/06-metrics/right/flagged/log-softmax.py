def flagged(logits, threshold):
    return logits.log_softmax(1)[:, 1].exp() >= threshold
