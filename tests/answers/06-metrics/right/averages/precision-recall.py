def averages(matrix):
    m = matrix.double()
    tp = m.diag()
    p = (tp / m.sum(0)).nan_to_num()
    r = (tp / m.sum(1)).nan_to_num()
    f = (2 * p * r / (p + r)).nan_to_num()
    return f, f.mean(), (tp.sum() / m.sum()).nan_to_num()
