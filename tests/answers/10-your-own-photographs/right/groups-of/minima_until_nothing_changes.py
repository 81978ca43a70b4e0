def groups_of(count, together):
    groups = torch.arange(count)
    while True:
        before = groups.clone()
        for photos_of_one in together:
            if photos_of_one:
                groups[photos_of_one] = groups[photos_of_one].min()
        if torch.equal(groups, before):
            return -groups
