# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities.half() @ costs.half()).argmin(1)
