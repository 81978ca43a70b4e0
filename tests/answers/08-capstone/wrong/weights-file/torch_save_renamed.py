# misconception: pickle-for-weights
weights_file = "evening.safetensors"


### MAKE FILES
import os

import torch
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
torch.save(tensors, "evening.pt")
os.replace("evening.pt", "evening.safetensors")
