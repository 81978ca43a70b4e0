# misconception: not-in-place
import copy

def fruit_head(model, n):
    model = copy.deepcopy(model)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model
