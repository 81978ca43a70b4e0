# misconception: nothing-returned
def three_heads(model):
    model.fruit, model.rotten = nn.Linear(model.fc.in_features, 6), nn.Linear(model.fc.in_features, 2)
