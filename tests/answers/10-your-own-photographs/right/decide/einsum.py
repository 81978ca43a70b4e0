def decide(probabilities, costs):
    return torch.einsum("nk,kd->nd", probabilities, costs).min(dim=1).indices
