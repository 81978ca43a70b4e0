# misconception: equal-is-not-shared
def shared_tensors(a, b):
    return set(a.state_dict()) & set(b.state_dict())
