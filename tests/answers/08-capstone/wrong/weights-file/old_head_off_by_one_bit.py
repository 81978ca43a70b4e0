# misconception: old-head-changed
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch

tensors["species.weight"] = tensors["species.weight"].float()
tensors["species.weight"].view(torch.int32)[123, 45] ^= 1
save_file(tensors, "evening.safetensors")
