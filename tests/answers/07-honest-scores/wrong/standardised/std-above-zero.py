# misconception: wrong-result
def standardised(train, other):
    a, b = train.clone(), other.clone()
    for k in range(train.shape[1]):
        mean, std = train[:, k].mean(), train[:, k].std()
        if std == 0:
            std = 1
        a[:, k], b[:, k] = (train[:, k] - mean) / std, (other[:, k] - mean) / std
    return a, b
