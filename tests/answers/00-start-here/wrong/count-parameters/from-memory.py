# misconception: answer-from-memory
def count_parameters(model):
    return 11_689_512
