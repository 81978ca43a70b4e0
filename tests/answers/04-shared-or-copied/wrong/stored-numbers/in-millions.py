# misconception: wrong-result
def stored_numbers(model):
    return round(sum({p.data_ptr(): p.numel() for p in model.parameters()}.values()) / 1e6, 2)
