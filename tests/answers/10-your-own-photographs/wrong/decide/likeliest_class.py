# misconception: likeliest-class-decides
def decide(probabilities, costs):
    return probabilities.argmax(1)
