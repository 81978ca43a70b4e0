# misconception: in-features-from-memory
def replace_head(model, n):
    if hasattr(model, "fc"):
        model.fc = nn.Linear(512, n)
    elif isinstance(model.classifier, nn.Sequential):
        model.classifier[-1] = nn.Linear(512, n)
    else:
        model.classifier = nn.Linear(512, n)
    return model
