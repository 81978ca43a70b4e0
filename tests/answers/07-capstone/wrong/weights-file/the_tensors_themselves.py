# misconception: wrong-result
def weights_file():
    return {"fruit.weight": torch.zeros(6, 512)}
