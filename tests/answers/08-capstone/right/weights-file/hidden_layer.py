weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch

weight, bias = tensors.pop("fruit.weight"), tensors.pop("fruit.bias")
tensors |= {"fruit.1.weight": torch.cat([weight, -weight]), "fruit.1.bias": torch.cat([bias, -bias]),
            "fruit.4.weight": torch.cat([torch.eye(6), -torch.eye(6)], 1)}
save_file(tensors, "evening.safetensors")
