# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities.round(decimals=1) @ costs).argmin(1)
