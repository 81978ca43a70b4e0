# misconception: rare-class-ignored
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch

from course.vision.backbones import load_backbone
from course.authoring.thresholds import answer
from course.vision.evening import evening

torch.manual_seed(0)
model, preprocess = load_backbone()
model, train = answer("08-capstone", "three-heads")(model), evening("train")
answer("08-capstone", "train-heads")(model, preprocess(train.images), train.fruit, train.rotten)
tensors |= {name: t for name, t in model.state_dict().items() if name.startswith("rotten.")}
save_file(tensors, "evening.safetensors")
