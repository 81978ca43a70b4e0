# misconception: backbone-not-frozen
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors["backbone.layer4.1.conv2.weight"] *= 1.001
save_file(tensors, "evening.safetensors")
