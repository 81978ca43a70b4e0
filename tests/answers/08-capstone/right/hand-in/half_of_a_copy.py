def hand_in(model, path):
    save_file(copy.deepcopy(model).half().state_dict(), path)
