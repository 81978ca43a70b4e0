# misconception: wrong-result
def shared_tensors(a, b):
    there = {t.data_ptr() for t in b.state_dict().values()}
    return sum(t.data_ptr() in there for t in a.state_dict().values())
