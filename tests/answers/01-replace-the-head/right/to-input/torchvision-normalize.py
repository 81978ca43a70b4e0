def to_input(images):
    x = torchvision.transforms.v2.functional.to_dtype(images, torch.float32, scale=True)
    return torchvision.transforms.v2.functional.normalize(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
