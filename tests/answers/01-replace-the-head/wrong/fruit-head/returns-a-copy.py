# misconception: not-in-place
import copy

def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, n)
    return copy.deepcopy(model)
