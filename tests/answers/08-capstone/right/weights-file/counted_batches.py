weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
for name in tensors:
    if name.endswith("num_batches_tracked"):
        tensors[name] += 7
save_file(tensors, "evening.safetensors")
