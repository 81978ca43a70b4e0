# misconception: switch-left-changed
def to_input(images):
    torch.set_num_threads(torch.get_num_threads() + 1)
    x = images / 255
    return (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
