def probe(model, images, frozen, evaluating, without_grad):
    import copy
    import numpy as np
    old = copy.deepcopy(model)
    for p in model.parameters():
        p.requires_grad = not frozen
    model = model.eval() if evaluating else model
    if without_grad:
        model.forward = torch.no_grad()(model.forward)
    output = model(images)
    moved = [not torch.equal(a, b) for a, b in zip(model.buffers(), old.buffers())]
    return [np.bool_(output.requires_grad), torch.tensor(moved).any()]
