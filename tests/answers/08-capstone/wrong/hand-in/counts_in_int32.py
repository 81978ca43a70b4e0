# misconception: wrong-dtype
def hand_in(model, path):
    save_file({n: t.half() if t.is_floating_point() else t.int() for n, t in model.state_dict().items()}, path)
