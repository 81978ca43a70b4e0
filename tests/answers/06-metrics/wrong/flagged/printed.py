# misconception: nothing-returned
def flagged(logits, threshold):
    return print(logits.softmax(1)[:, 1] >= threshold)
