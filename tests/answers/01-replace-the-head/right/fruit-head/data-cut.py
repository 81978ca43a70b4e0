def fruit_head(model, n):
    model.fc.weight.data = model.fc.weight.data[:n].clone()
    model.fc.bias.data = model.fc.bias.data[:n].clone()
    return model
