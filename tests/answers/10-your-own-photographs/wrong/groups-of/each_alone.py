# misconception: lists-ignored
def groups_of(count, together):
    return torch.arange(count)
