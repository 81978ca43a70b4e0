# misconception: wrong-result
def shared_tensors(a, b):
    there = {t.data_ptr() for t in b.state_dict().values()}
    return [(name, t) for name, t in a.state_dict().items() if t.data_ptr() in there]
