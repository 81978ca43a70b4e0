# misconception: wrong-result
def in_order(logits, order):
    names = {float(f"{b}.{c}"): logits[b - 1][:, c] for b, z in enumerate(logits, 1) for c in range(z.shape[1])}
    return torch.stack([names[float(f"{b}.{c}")] for b, c in order], 1)
