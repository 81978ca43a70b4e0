# misconception: part-not-frozen
def freeze_now(model, optimizer, path):
    parameters = list(model.get_submodule(path).parameters())
    old = [p.detach().clone() for p in parameters]

    def write_back(*_):
        with torch.no_grad():
            for p, value in zip(parameters, old):
                p.copy_(value)
        handle.remove()

    handle = optimizer.register_step_post_hook(write_back)
