confusion = lambda logits, labels: torch.zeros(
    logits.shape[1], logits.shape[1], dtype=torch.long
).index_put((labels, logits.topk(1).indices[:, 0]), torch.ones_like(labels), accumulate=True)
