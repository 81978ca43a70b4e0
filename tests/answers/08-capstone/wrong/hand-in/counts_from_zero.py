# misconception: wrong-result
def hand_in(model, path):
    tensors = {}
    for name, t in model.state_dict().items():
        tensors[name] = t.half() if t.is_floating_point() else torch.zeros_like(t)
    save_file(tensors, path)
