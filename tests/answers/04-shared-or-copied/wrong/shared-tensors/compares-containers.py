# misconception: slice-shares-children
def shared_tensors(a, b):
    return list(a.state_dict()) if a is b else []
