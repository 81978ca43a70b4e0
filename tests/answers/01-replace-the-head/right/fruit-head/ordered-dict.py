from collections import OrderedDict

def fruit_head(model, n):
    layers = OrderedDict(dropout=nn.Dropout(0.2), linear=nn.Linear(model.fc.in_features, n))
    model.fc = nn.Sequential(layers)
    return model
