# misconception: wrong-result
def fruit_head(model, n):
    model.fc.weight = nn.Parameter(model.fc.weight[:n].detach())
    model.fc.bias = nn.Parameter(model.fc.bias[:n].detach())
    model.fc.out_features = n
    return model
