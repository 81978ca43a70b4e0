def count_parameters(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).numel()
