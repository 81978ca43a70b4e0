# misconception: nothing-returned
def adam_memory(model):
    print(2 * sum(p.numel() for p in model.parameters() if p.requires_grad))
