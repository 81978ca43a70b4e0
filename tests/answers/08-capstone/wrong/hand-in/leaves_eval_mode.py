# misconception: edited-in-place
def hand_in(model, path):
    save_file(model.eval().state_dict(), path)
