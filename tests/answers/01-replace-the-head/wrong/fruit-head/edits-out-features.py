# misconception: out-features-edited
def fruit_head(model, n):
    model.fc.out_features = n
    return model
