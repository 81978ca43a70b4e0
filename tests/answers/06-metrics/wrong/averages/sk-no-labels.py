# misconception: absent-class-forgotten
from sklearn.metrics import f1_score


def averages(matrix):
    k = len(matrix)
    cells = matrix.flatten()
    t = torch.arange(k).repeat_interleave(k).repeat_interleave(cells)
    g = torch.arange(k).repeat(k).repeat_interleave(cells)
    return tuple(f1_score(t, g, average=a, zero_division=0) for a in (None, "macro", "micro"))
