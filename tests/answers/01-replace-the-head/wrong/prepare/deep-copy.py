# misconception: not-in-place
import copy

def prepare(model, n, lr):
    model = copy.deepcopy(model)
    model.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n)
    return model, torch.optim.AdamW(model.fc.parameters(), lr=lr)
