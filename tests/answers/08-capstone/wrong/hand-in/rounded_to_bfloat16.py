# misconception: wrong-result
def hand_in(model, path):
    save_file({n: t.bfloat16().float() if t.is_floating_point() else t for n, t in model.state_dict().items()}, path)
