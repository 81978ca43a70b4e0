# misconception: optimizer-made-anew
def freeze_now(model, optimizer, path):
    for p in model.get_submodule(path).parameters():
        p.requires_grad = False
        p.grad = None
    optimizer.__init__([p for p in model.parameters() if p.requires_grad], lr=1e-3)
