# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities.mean(0) @ costs).argmin().repeat(len(probabilities))
