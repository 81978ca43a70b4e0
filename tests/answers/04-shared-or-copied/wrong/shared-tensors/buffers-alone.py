# misconception: wrong-result
def shared_tensors(a, b):
    there = {t.data_ptr() for t in [*b.parameters(), *b.buffers()]}
    return {name for name, t in a.named_buffers(remove_duplicate=False) if t.data_ptr() in there}
