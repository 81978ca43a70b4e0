# misconception: nothing-returned
def decide(probabilities, costs):
    (probabilities @ costs).argmin(1)
