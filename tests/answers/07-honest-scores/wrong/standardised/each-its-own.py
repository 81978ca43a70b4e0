# misconception: own-statistics
def standardised(train, other):
    def scaled(rows):
        std = rows.std(0)
        return (rows - rows.mean(0)) / torch.where(std > 0, std, 1)

    return scaled(train), scaled(other)
