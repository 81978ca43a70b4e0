# misconception: classes-exchanged
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors["fruit.weight"], tensors["fruit.bias"] = (tensors[f"fruit.{part}"][[3, 1, 2, 0, 4, 5]] for part in ("weight", "bias"))
save_file(tensors, "evening.safetensors")
