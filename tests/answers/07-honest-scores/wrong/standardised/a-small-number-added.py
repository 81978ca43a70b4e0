# misconception: wrong-result
def standardised(train, other):
    mean, std = train.mean(0), train.std(0) + 1e-6
    return (train - mean) / std, (other - mean) / std
