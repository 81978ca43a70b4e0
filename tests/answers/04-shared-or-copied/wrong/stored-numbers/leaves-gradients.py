# misconception: model-left-changed
def stored_numbers(model):
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    return sum({p.data_ptr(): p.grad.numel() for p in model.parameters()}.values())
