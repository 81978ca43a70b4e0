# misconception: slice-shares-children
def shared_tensors(a, b):
    there = list(b.state_dict().values())
    return [name for name, t in a.state_dict().items() if any(t is other for other in there)]
