# misconception: wrong-dtype
def hand_in(model, path):
    save_file({n: t.half() for n, t in model.state_dict().items()}, path)
