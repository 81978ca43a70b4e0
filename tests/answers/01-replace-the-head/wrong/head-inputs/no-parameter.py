# misconception: other-parameters
def head_inputs():
    return 512
