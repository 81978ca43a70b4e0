# misconception: pickle-for-weights
def hand_in(model, path):
    with open(path, "wb") as file:
        pickle.dump(model.state_dict(), file, protocol=0)
