# misconception: frozen-costs-memory
def adam_memory(model):
    return 2 * sum(p.numel() for p in model.parameters())
