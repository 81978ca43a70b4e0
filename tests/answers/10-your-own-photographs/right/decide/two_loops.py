def decide(probabilities, costs):
    decisions = []
    for row in probabilities:
        expected = [sum(float(p) * float(c) for p, c in zip(row, column)) for column in costs.T]
        decisions.append(expected.index(min(expected)))
    return torch.tensor(decisions)
