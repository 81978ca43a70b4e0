# misconception: batch-dimension-lost
def flagged(logits, threshold):
    rows = logits.softmax(1).squeeze()
    return torch.tensor([bool(row[1] >= threshold) for row in rows])
