# misconception: likeliest-class-decides
def decide(probabilities, costs):
    return costs[probabilities.argmax(1)].argmin(1)
