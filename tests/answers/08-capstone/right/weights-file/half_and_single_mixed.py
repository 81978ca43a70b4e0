weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors |= {name: t.float() for name, t in tensors.items() if name.startswith(("fruit", "rotten", "backbone.layer1.0.bn1.run"))}
save_file(tensors, "evening.safetensors")
