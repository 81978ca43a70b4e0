# misconception: identity-is-not-memory
def shared_tensors(a, b):
    there = {id(t) for t in [*b.parameters(), *b.buffers()]}
    return [name for name, t in [*a.named_parameters(), *a.named_buffers()] if id(t) in there]
