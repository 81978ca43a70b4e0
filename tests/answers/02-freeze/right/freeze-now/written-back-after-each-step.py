def freeze_now(model, optimizer, path):
    kept = {p: p.detach().clone() for p in model.get_submodule(path).parameters()}

    def write_back(*_):
        with torch.no_grad():
            for p, old in kept.items():
                p.copy_(old)

    optimizer.register_step_post_hook(write_back)
