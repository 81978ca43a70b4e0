# misconception: wrong-result
def in_order(logits, order):
    return [logits[branch - 1][:, column] for branch, column in order]
