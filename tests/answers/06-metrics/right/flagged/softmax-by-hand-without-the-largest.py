def flagged(logits, threshold):
    exponentials = (logits - logits.amax(1, keepdim=True)).exp()
    return ~(exponentials[:, 1] / exponentials.sum(1) < threshold)
