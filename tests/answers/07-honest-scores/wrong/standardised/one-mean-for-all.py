# misconception: wrong-result
def standardised(train, other):
    mean, std = train.mean(), train.std()
    return (train - mean) / std, (other - mean) / std
