def shared_tensors(a, b):
    mine = [
        *a.named_parameters(remove_duplicate=False),
        *a.named_buffers(remove_duplicate=False),
    ]
    there = {t.data_ptr() for t in [*b.parameters(), *b.buffers()]}
    return {name for name, t in mine if t.data_ptr() in there}
