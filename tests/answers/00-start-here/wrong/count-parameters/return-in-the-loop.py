# misconception: wrong-result
def count_parameters(model):
    total = 0
    for parameter in model.parameters():
        total += parameter.numel()
        return total
