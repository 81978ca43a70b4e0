# misconception: wrong-result
def stored_numbers(model):
    return sum({t.data_ptr(): t.numel() for t in model.state_dict().values()}.values())
