# misconception: file-damaged
def hand_in(model, path):
    import numpy as np

    with open(path, "wb") as file:
        np.savez(file, **{n: t.numpy() for n, t in model.state_dict().items()})
