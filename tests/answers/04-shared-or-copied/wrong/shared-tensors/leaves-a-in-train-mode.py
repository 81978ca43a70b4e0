# misconception: model-left-changed
def shared_tensors(a, b):
    a.train()
    there = {t.data_ptr() for t in b.state_dict().values()}
    return [name for name, t in a.state_dict().items() if t.data_ptr() in there]
