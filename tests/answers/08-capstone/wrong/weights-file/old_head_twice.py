# misconception: tensors-extra
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors |= {"backbone.fc.weight": tensors["species.weight"].clone(), "backbone.fc.bias": tensors["species.bias"].clone()}
save_file(tensors, "evening.safetensors")
