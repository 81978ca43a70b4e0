# misconception: wrong-dtype
def hand_in(model, path):
    save_file({n: t.bfloat16() if t.is_floating_point() else t for n, t in model.state_dict().items()}, path)
