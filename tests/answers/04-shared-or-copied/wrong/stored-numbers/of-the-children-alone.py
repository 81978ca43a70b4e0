# misconception: wrong-result
def stored_numbers(model):
    return sum({p.data_ptr(): p.numel() for c in model.children() for p in c.parameters()}.values())
