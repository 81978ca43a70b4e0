# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities @ costs).min(1).values
