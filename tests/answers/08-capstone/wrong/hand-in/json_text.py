# misconception: file-damaged
def hand_in(model, path):
    import json

    with open(path, "w") as file:
        json.dump({n: t.tolist() for n, t in model.state_dict().items()}, file)
