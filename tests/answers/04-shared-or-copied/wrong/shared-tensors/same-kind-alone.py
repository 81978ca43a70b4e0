# misconception: wrong-result
def shared_tensors(a, b):
    parameters, buffers = {p.data_ptr() for p in b.parameters()}, {t.data_ptr() for t in b.buffers()}
    names = [name for name, p in a.named_parameters() if p.data_ptr() in parameters]
    return names + [name for name, t in a.named_buffers() if t.data_ptr() in buffers]
