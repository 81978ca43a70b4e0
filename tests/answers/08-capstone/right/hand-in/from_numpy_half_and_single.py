def hand_in(model, path):
    from safetensors.numpy import save_file as save_arrays

    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    save_arrays({n: a.astype("float16") if n.endswith("weight") else a for n, a in arrays.items()}, path)
