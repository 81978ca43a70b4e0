# misconception: wrong-result
def stored_numbers(model):
    return sum({p.data_ptr(): p.numel() for p in model.parameters() if p.dtype == torch.float32}.values())
