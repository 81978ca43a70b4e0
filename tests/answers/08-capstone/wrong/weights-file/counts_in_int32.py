# misconception: wrong-dtype
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors = {name: t if t.is_floating_point() else t.int() for name, t in tensors.items()}
save_file(tensors, "evening.safetensors")
