# misconception: input-changed
def count_parameters(model):
    return sum(t.requires_grad_(False).numel() for t in model.parameters())
