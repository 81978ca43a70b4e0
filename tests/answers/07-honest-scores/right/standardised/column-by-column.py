def standardised(train, other):
    a, b = train.clone(), other.clone()
    for k in range(train.shape[1]):
        column = train[:, k].double()
        std = column.std(unbiased=False) if len(column.unique()) > 1 else 1
        a[:, k] = (column - column.mean()) / std
        b[:, k] = (other[:, k].double() - column.mean()) / std
    return a, b
