# misconception: false-alarms
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors["rotten.bias"][1] += 100
save_file(tensors, "evening.safetensors")
