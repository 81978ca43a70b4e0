# misconception: wrong-result
def standardised(train, other):
    constant = (train == train[0]).all(0)
    std = torch.where(constant, 1, train.std(0))
    return train / std, other / std
