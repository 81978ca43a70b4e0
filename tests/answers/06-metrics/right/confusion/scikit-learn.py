from sklearn.metrics import confusion_matrix

def confusion(logits, labels):
    return torch.from_numpy(confusion_matrix(labels, logits.argmax(1), labels=range(logits.shape[1])))
