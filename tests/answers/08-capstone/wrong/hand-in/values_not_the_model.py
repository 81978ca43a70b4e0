# misconception: wrong-result
def hand_in(model, path):
    save_file({n: torch.zeros_like(t) for n, t in model.state_dict().items()}, path)
