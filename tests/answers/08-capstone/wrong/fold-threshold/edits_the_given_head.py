# misconception: edited-in-place
def fold_threshold(head, threshold):
    head.bias.data[1] -= math.log(threshold / (1 - threshold))
    return head
