# misconception: tensors-missing
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
del tensors["species.bias"]
save_file(tensors, "evening.safetensors")
