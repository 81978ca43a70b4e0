def freeze_now(model, optimizer, path):
    for name, p in model.named_parameters():
        if name.startswith(path + "."):
            p.requires_grad_(False)
            p.grad = None
            optimizer.state.pop(p, None)
