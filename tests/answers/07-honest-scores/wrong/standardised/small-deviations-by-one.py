# misconception: wrong-result
def standardised(train, other):
    mean, std = train.mean(0), train.std(0)
    std = torch.where(std < 0.01, 1.0, std)
    return (train - mean) / std, (other - mean) / std
