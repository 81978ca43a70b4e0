def flagged(logits, threshold):
    return (logits[:, 1] - logits[:, 0]).sigmoid() >= threshold
