# misconception: wrong-result
def standardised(train, other):
    return train - train.mean(0), other - train.mean(0)
