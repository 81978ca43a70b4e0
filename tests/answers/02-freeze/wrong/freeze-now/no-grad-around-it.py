# misconception: freezing-blocks-gradients
def freeze_now(model, optimizer, path):
    part = model.get_submodule(path)
    part.forward = torch.no_grad()(part.forward)
    for p in part.parameters():
        p.grad = None
