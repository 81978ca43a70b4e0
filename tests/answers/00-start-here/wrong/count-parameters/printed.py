# misconception: nothing-returned
def count_parameters(model):
    print(sum(t.numel() for t in model.parameters()))
