# misconception: wrong-result
def adam_memory(model):
    return sum(3 * p.numel() for p in model.parameters() if p.requires_grad)
