# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities @ costs).argmin(1).int()
