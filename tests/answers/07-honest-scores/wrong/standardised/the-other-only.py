# misconception: wrong-result
def standardised(train, other):
    mean, std = train.mean(0), train.std(0)
    std = torch.where(std > 0, std, 1)
    return (other - mean) / std
