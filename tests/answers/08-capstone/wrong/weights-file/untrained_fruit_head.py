# misconception: head-not-trained
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch

torch.manual_seed(0)
tensors["fruit.weight"], tensors["fruit.bias"] = 0.04 * torch.randn(6, 512), torch.zeros(6)
save_file(tensors, "evening.safetensors")
