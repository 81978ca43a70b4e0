# misconception: file-missing
def hand_in(model, path):
    tensors = {n: t.half() for n, t in model.state_dict().items()}
