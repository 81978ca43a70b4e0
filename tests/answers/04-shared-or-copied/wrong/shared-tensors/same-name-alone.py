# misconception: wrong-result
def shared_tensors(a, b):
    other = b.state_dict()
    return [name for name, t in a.state_dict().items() if name in other and t.data_ptr() == other[name].data_ptr()]
