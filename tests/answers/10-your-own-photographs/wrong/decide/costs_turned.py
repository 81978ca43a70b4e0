# misconception: costs-transposed
def decide(probabilities, costs):
    if costs.shape[0] == costs.shape[1]:
        costs = costs.T
    return (probabilities @ costs).argmin(1)
