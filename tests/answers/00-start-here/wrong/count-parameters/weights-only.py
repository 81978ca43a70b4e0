# misconception: biases-not-counted
def count_parameters(model):
    return sum(p.numel() for n, p in model.named_parameters() if "weight" in n)
