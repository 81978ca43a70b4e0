# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities @ costs.clamp(min=0)).argmin(1)
