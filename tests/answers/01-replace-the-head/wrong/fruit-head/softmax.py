# misconception: softmax-in-the-head
def fruit_head(model, n):
    model.fc = nn.Sequential(nn.Linear(model.fc.in_features, n), nn.Softmax(dim=1))
    return model
