# misconception: model-left-changed
def stored_numbers(model):
    model.requires_grad_(True)
    return sum({p.data_ptr(): p.numel() for p in model.parameters() if p.requires_grad}.values())
