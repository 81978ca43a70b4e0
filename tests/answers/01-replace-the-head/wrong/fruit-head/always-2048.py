# misconception: in-features-from-memory
def fruit_head(model, n):
    model.fc = nn.Linear(2048, n)
    return model
