# misconception: wrong-result
def shared_tensors(a, b):
    there = {t.untyped_storage().data_ptr() for t in b.state_dict().values()}
    return [n for n, t in a.state_dict().items() if t.untyped_storage().data_ptr() not in there]
