# misconception: weights-not-finite
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors["fruit.weight"][0, 0] = float("nan")
save_file(tensors, "evening.safetensors")
