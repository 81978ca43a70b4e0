# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities @ costs.long().float()).argmin(1)
