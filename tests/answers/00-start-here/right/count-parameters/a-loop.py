def count_parameters(model):
    total = 0
    for name, tensor in model.named_parameters():
        size = 1
        for length in tensor.shape:
            size *= length
        total += size
    return total
