# misconception: loss-scale-is-not-difficulty
def start_weights(classes):
    logs = [math.log(n) for n in classes]
    return [len(classes) * x / sum(logs) for x in logs]
