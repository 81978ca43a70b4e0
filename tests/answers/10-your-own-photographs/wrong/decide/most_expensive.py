# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities @ costs).argmax(1)
