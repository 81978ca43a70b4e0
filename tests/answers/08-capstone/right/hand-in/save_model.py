def hand_in(model, path):
    from safetensors.torch import save_model

    save_model(model, path)
