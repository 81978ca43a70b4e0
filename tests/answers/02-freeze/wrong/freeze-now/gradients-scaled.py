# misconception: wrong-result
def freeze_now(model, optimizer, path):
    part = model.get_submodule(path)
    part.zero_grad()
    part.requires_grad_(False)
    nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1e-3)
