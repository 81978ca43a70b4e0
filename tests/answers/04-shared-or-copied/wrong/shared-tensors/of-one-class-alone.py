# misconception: wrong-result
def shared_tensors(a, b):
    if type(a) is not type(b):
        return []
    there = {t.untyped_storage().data_ptr() for t in b.state_dict().values()}
    return [name for name, t in a.state_dict().items() if t.untyped_storage().data_ptr() in there]
