# misconception: model-left-changed
def adam_memory(model):
    n = 0
    for p in model.parameters():
        if p.requires_grad:
            n += 2 * p.numel()
            p.grad = torch.zeros_like(p)
    return n
