# misconception: frozen-not-counted
def count_parameters(model):
    return sum(t.numel() for t in model.parameters() if t.requires_grad)
