# misconception: wrong-result
def count_parameters(model):
    return sum(t.numel() for m in model.modules() for t in m.parameters())
