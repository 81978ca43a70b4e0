# misconception: copy-keeps-sharing
def untie(model):
    return model.double().float()
