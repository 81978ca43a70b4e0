def groups_of(count, together):
    groups = torch.full((count,), -1)
    for start in range(count):
        waiting = [start] if groups[start] < 0 else []
        while waiting:
            photo = waiting.pop()
            if groups[photo] < 0:
                groups[photo] = start
                waiting += [p for one in together if photo in one for p in one]
    return groups
