def head_inputs(model):
    return model.inplanes
