def flagged(logits, threshold):
    return torch.tensor([bool(row.softmax(0)[1] >= threshold) for row in logits])
