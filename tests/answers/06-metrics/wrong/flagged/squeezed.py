# misconception: batch-dimension-lost
def flagged(logits, threshold):
    return (logits.softmax(1)[:, 1] >= threshold).squeeze()
