# misconception: wrong-result
def decide(probabilities, costs):
    two = probabilities.topk(2).values[:, -1:]
    return (torch.where(probabilities >= two, probabilities, 0) @ costs).argmin(1)
