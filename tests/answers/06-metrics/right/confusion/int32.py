def confusion(logits, labels):
    k = logits.size(1)
    m = torch.zeros(k, k, dtype=torch.int32)
    for a, b in zip(labels.tolist(), logits.max(dim=1).indices.tolist()):
        m[a, b] += 1
    return m
