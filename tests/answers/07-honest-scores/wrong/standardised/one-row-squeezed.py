# misconception: wrong-result
def standardised(train, other):
    constant = (train == train[0]).all(0)
    mean, std = train.mean(0), torch.where(constant, 1, train.std(0))
    return (train - mean) / std, ((other - mean) / std).squeeze()
