# misconception: wrong-result
def standardised(train, other):
    mean, std = train.mean(0), train.std(0)
    std = torch.where(std > 1e-3, std, 1)
    return (train - mean) / std, (other - mean) / std
