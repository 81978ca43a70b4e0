# misconception: wrong-result
import copy

def fruit_head(model, n):
    model.imagenet_head = copy.deepcopy(model.fc)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
