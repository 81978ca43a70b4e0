def hand_in(model, path):
    save_file(model.state_dict(), path)
