import copy


def percent_saved(model, n):
    def count(model):
        return sum(p.numel() for p in model.parameters())

    small = copy.deepcopy(model)
    small.fc = nn.Linear(model.fc.in_features, n)
    return 100 - 100 * count(small) / count(model)
