def fruit_head(model, n):
    model.fc.__init__(model.fc.in_features, n)
    return model
