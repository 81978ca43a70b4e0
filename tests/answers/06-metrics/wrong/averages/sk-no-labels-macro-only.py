# misconception: absent-class-forgotten
from sklearn.metrics import f1_score


def averages(matrix):
    k = len(matrix)
    cells = matrix.flatten()
    t = torch.arange(k).repeat_interleave(k).repeat_interleave(cells)
    g = torch.arange(k).repeat(k).repeat_interleave(cells)
    return (
        f1_score(t, g, average=None, zero_division=0, labels=range(k)),
        f1_score(t, g, average="macro", zero_division=0),
        f1_score(t, g, average="micro", zero_division=0),
    )
