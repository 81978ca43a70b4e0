# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities @ costs.abs()).argmin(1)
