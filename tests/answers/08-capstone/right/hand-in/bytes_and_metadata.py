def hand_in(model, path):
    from safetensors.torch import save

    tensors = {n: t.clone().contiguous() for n, t in reversed(model.state_dict().items())}
    with open(path, "wb") as file:
        file.write(save(tensors, metadata={"trained by": "me"}))
