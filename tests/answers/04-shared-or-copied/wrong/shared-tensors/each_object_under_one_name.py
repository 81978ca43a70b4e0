# misconception: wrong-result
def shared_tensors(a, b):
    used = {tensor.data_ptr() for tensor in b.state_dict().values()}
    named = [*a.named_parameters(), *a.named_buffers()]  # each object once, with its first name
    return [name for name, tensor in named if tensor.data_ptr() in used]
