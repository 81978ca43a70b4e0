# misconception: model-left-changed
def shared_tensors(a, b):
    for p in b.parameters():
        p.grad = torch.zeros_like(p)  # a mark that `a` has, too, if it has the same object
    there = {t.data_ptr() for t in b.state_dict().values()}
    return [name for name, t in a.state_dict().items() if t.data_ptr() in there]
