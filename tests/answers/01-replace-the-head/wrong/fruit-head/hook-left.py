# misconception: model-left-changed
def fruit_head(model, n):
    model.fc = nn.Linear(model.fc.in_features, n)
    model.avgpool.register_forward_hook(lambda layer, inputs, output: print(output.shape))
    return model
