# misconception: highest-cost-decides
def decide(probabilities, costs):
    return (probabilities @ costs).argmax(1)
