# misconception: wrong-result
def count_parameters(model):
    return sum(int(torch.count_nonzero(t)) for t in model.parameters())
