# misconception: wrong-result
def adam_memory(model):
    return 2 * sum(p.requires_grad for p in model.parameters())
