# misconception: wrong-result
import copy

def frozen_features(model, images):
    twin = copy.deepcopy(model).double().eval()
    twin.fc = nn.Identity()
    with torch.no_grad():
        return twin(images.double())
