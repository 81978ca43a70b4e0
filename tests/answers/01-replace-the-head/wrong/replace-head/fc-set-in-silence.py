# misconception: fc-on-a-model-without-fc
def replace_head(model, n):
    width = 512 if isinstance(model, torchvision.models.ResNet) else 1024
    model.fc = nn.Linear(width, n)
    return model
