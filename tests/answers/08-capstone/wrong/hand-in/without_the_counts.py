# misconception: tensors-missing
def hand_in(model, path):
    save_file({n: t for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}, path)
