# misconception: wrong-result
def standardised(train, other):
    mean, std = train.double().mean(0), train.double().std(0)
    std = torch.where(std > 1e-7, std, 1.0)
    return ((train - mean) / std).to(train.dtype), ((other - mean) / std).to(other.dtype)
