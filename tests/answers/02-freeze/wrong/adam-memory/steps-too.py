# misconception: wrong-result
def adam_memory(model):
    trainable = [p for p in model.parameters() if p.requires_grad]
    return sum(2 * p.numel() + 1 for p in trainable)
