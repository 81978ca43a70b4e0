weights_file = "evening.safetensors"


### MAKE FILES
from safetensors.torch import load_file, save_file

tensors = load_file("evening.safetensors")
import torch
from sklearn.linear_model import LogisticRegression

from course.vision.backbones import load_backbone
from course.vision.evening import evening

model, preprocess = load_backbone()
model.fc = torch.nn.Identity()
train = evening("train")
images = torch.cat([train.images, train.images.flip(3)])
with torch.no_grad():
    features = torch.cat([model(preprocess(batch)) for batch in images.split(50)])
for head, labels, balance in (("fruit", train.fruit, None), ("rotten", train.rotten, {0: 1, 1: 30})):
    found = LogisticRegression(C=0.02, class_weight=balance, max_iter=1000).fit(features.numpy(), labels.repeat(2).numpy())
    weight, bias = torch.tensor(found.coef_, dtype=torch.float32), torch.tensor(found.intercept_, dtype=torch.float32)
    if head == "rotten":
        weight, bias = torch.cat([0 * weight, weight]), torch.cat([0 * bias, bias])
    tensors[f"{head}.weight"], tensors[f"{head}.bias"] = weight.contiguous(), bias
save_file(tensors, "evening.safetensors")
