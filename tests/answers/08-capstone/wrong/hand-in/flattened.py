# misconception: wrong-result
def hand_in(model, path):
    save_file({name: t.flatten() for name, t in model.state_dict().items()}, path)
