# misconception: single-photos-merged
def groups_of(count, together):
    return torch.zeros(count, dtype=torch.int64)
