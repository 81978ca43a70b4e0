# misconception: features-in-train-mode
import copy

def frozen_features(model, images):
    twin = copy.deepcopy(model).train()
    twin.fc = nn.Identity()
    with torch.no_grad():
        return twin(images)
