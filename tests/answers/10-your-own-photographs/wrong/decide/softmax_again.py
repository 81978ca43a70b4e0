# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities.softmax(1) @ costs).argmin(1)
