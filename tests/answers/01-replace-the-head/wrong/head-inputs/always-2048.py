# misconception: in-features-from-memory
def head_inputs(model):
    return 2048
