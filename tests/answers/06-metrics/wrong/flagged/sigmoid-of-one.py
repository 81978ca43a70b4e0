# misconception: one-logit-of-two
def flagged(logits, threshold):
    return logits[:, 1].sigmoid() >= threshold
