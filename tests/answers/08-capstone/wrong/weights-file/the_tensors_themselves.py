# misconception: wrong-result
weights_file = {"fruit.weight": torch.zeros(6, 512)}
