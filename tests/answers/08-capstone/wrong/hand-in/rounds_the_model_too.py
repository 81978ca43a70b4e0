# misconception: edited-in-place
def hand_in(model, path):
    for p in model.parameters():
        p.data = p.data.half().float()
    save_file(model.state_dict(), path)
