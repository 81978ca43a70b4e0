def probe(model, images, frozen, evaluating, without_grad):
    import copy
    tried = copy.deepcopy(model)
    tried.requires_grad_(not frozen).train(not evaluating)
    with torch.set_grad_enabled(not without_grad):
        learns = tried(images).grad_fn is not None
    return learns, any((a != b).any().item() for a, b in zip(model.buffers(), tried.buffers()))
