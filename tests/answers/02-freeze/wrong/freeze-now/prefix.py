# misconception: prefix-too-greedy
def freeze_now(model, optimizer, path):
    for name, p in model.named_parameters():
        if name.startswith(path[:-1]):
            p.requires_grad = False
            p.grad = None
