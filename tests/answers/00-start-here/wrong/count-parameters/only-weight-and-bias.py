# misconception: wrong-result
def count_parameters(model):
    return sum(p.numel() for n, p in model.named_parameters() if n.split(".")[-1] in ("weight", "bias"))
