def split_by_group(groups, count, seed):
    from sklearn.model_selection import GroupShuffleSplit

    split = GroupShuffleSplit(n_splits=1, test_size=count, random_state=seed)
    train, test = next(split.split(groups, groups=groups))
    return torch.tensor(train), torch.tensor(test)
