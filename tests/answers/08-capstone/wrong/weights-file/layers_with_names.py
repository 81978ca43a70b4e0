# misconception: head-no-chain
weights_file = "evening.safetensors"


### MAKE FILES
import torch
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
for part in ("weight", "bias"):
    tensors[f"fruit.out.{part}"] = tensors.pop(f"fruit.{part}")
save_file(tensors, "evening.safetensors")
