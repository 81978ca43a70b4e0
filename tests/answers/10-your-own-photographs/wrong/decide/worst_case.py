# misconception: wrong-result
def decide(probabilities, costs):
    return (probabilities[:, :, None] * costs).max(1).values.argmin(1)
