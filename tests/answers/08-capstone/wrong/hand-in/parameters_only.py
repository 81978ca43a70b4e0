# misconception: parameters-only
def hand_in(model, path):
    save_file({name: p.detach() for name, p in model.named_parameters()}, path)
