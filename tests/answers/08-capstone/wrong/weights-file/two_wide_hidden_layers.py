# misconception: too-many-parameters
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch

for head, classes in (("fruit", 6), ("rotten", 2)):
    tensors |= {f"{head}.0.weight": torch.eye(512), f"{head}.2.weight": tensors.pop(f"{head}.weight"), f"{head}.2.bias": tensors.pop(f"{head}.bias")}
save_file(tensors, "evening.safetensors")
