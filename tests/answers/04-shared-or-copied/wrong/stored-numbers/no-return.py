# misconception: nothing-returned
def stored_numbers(model):
    print(sum({p.data_ptr(): p.numel() for p in model.parameters()}.values()))
