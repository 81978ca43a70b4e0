# misconception: wrong-result
def flagged(logits, threshold):
    return (F.softmax(logits, dim=-1)[:, 1] >= threshold).long()
