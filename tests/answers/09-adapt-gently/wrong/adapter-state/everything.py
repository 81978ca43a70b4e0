# misconception: frozen-weights-stored
def adapter_state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}
