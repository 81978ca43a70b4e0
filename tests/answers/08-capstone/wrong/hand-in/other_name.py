# misconception: file-missing
def hand_in(model, path):
    save_file(dict(model.state_dict()), path + ".bak")
