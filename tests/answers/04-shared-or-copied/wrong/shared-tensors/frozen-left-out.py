# misconception: wrong-result
def shared_tensors(a, b):
    theirs = {p.data_ptr() for p in b.state_dict().values()}
    sd = a.state_dict(keep_vars=True)
    return [k for k, p in sd.items() if p.data_ptr() in theirs and (p.requires_grad or not isinstance(p, nn.Parameter))]
