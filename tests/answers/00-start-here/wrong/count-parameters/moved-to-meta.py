# misconception: input-changed
def count_parameters(model):
    return sum(p.numel() for p in model.to("meta").parameters())
