# misconception: in-features-from-memory
def fruit_head(model, n):
    model.fc = nn.Linear(512, n)
    return model
