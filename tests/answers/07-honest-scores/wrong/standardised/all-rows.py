# misconception: statistics-of-all-rows
def standardised(train, other):
    rows = torch.cat([train, other])
    mean, std = rows.mean(0), rows.std(0)
    return (train - mean) / std, (other - mean) / std
