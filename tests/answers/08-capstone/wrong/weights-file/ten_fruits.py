# misconception: wrong-shape
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
tensors["fruit.weight"], tensors["fruit.bias"] = tensors["fruit.weight"].repeat(2, 1)[:10], tensors["fruit.bias"].repeat(2)[:10]
tensors = {name: t.contiguous() for name, t in tensors.items()}
save_file(tensors, "evening.safetensors")
