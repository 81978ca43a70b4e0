weights_file = "my weights, really.st"


### MAKE FILES
from safetensors.torch import load_file, save

tensors = load_file("evening.safetensors")
open("my weights, really.st", "wb").write(save(dict(reversed(tensors.items())), {"by": "me"}))
