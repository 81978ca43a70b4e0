def task_gradients(losses, shared):
    rows = [torch.autograd.grad(loss, shared, create_graph=True) for loss in losses]
    return torch.stack([nn.utils.parameters_to_vector(row) for row in rows]).detach()
