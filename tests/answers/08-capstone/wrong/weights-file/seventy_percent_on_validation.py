# misconception: rare-class-ignored
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

from course.lessons.lesson08 import weights_judge, weights_network
from course.lessons.lesson08.weights_file import in_single_precision

tensors = load_file("evening.safetensors")
validation = weights_judge.validation()
single = in_single_precision(tensors)
logits = weights_network.logits_of(single, "rotten", validation.features)
scores = (logits[:, 1] - logits[:, 0])[validation.rotten == 1].sort(descending=True).values
found = -(-len(scores) * 70 // 100)  # 70 %, rounded up: no more than the brief requires
single["rotten.bias"][1] -= scores[found - 1] - 1e-3
tensors["rotten.bias"] = single["rotten.bias"]
save_file(tensors, "evening.safetensors")
