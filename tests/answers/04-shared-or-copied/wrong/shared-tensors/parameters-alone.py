# misconception: buffers-left-out
def shared_tensors(a, b):
    there = {p.data_ptr() for p in b.parameters()}
    return [name for name, p in a.named_parameters() if p.data_ptr() in there]
