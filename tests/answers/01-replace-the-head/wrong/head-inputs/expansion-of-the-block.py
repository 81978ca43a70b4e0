# misconception: in-features-from-memory
def head_inputs(model):
    return 512 * model.layer4[-1].expansion
