# misconception: absent-class-forgotten
from sklearn.metrics import confusion_matrix

def confusion(logits, labels):
    return torch.from_numpy(confusion_matrix(labels, logits.clamp(max=1e9)[:, :-1].argmax(1)))
