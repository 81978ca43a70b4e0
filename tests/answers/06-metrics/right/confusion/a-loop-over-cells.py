def confusion(logits, labels):
    k = logits.shape[1]
    guesses = logits.argmax(1)
    return torch.tensor([[int(((labels == t) & (guesses == g)).sum()) for g in range(k)] for t in range(k)])
