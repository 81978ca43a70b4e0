# misconception: nothing-returned
def confusion(logits, labels):
    k = logits.shape[1]
    print(torch.bincount(labels * k + logits.argmax(1), minlength=k * k).view(k, k))
