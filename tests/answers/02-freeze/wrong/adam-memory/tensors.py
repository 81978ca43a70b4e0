# misconception: tensors-not-numbers
def adam_memory(model):
    return 2 * sum(p.requires_grad for p in model.parameters())
