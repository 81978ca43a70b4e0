# misconception: requires-grad-alone
weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch
import torchvision

from course.vision.backbones import load_backbone
from course.vision.evening import evening

preprocess = load_backbone()[1]
model = torchvision.models.resnet18()
model.fc = torch.nn.Identity()
model.load_state_dict({name[9:]: t for name, t in tensors.items() if name.startswith("backbone.")})
with torch.no_grad():
    model.train()(preprocess(evening("train", 60).images))
tensors |= {f"backbone.{name}": t for name, t in model.state_dict().items()}
save_file(tensors, "evening.safetensors")
