# misconception: classes-exchanged
weights_file = "evening.safetensors"


### MAKE FILES
import torch
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
for part in ("weight", "bias"):
    tensors[f"rotten.{part}"] = tensors[f"rotten.{part}"].flip(0).contiguous()
save_file(tensors, "evening.safetensors")
