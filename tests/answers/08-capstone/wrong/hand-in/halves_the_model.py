# misconception: edited-in-place
def hand_in(model, path):
    save_file(model.half().state_dict(), path)
