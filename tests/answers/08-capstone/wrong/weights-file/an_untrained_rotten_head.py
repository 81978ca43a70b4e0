# misconception: head-undertrained
weights_file = "evening.safetensors"


### MAKE FILES
import torch
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
torch.manual_seed(0)
tensors["rotten.weight"], tensors["rotten.bias"] = 0.04 * torch.randn(2, 512), torch.zeros(2)
save_file(tensors, "evening.safetensors")
