# misconception: frozen-costs-memory
def adam_memory(model):
    return sum(p.numel() for p in model.parameters())
