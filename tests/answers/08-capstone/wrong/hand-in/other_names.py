# misconception: tensors-missing
def hand_in(model, path):
    save_file({f"model.{name}": tensor for name, tensor in model.state_dict().items()}, path)
