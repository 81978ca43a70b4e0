# misconception: mean-hides-a-dead-head
def choose(results, required):
    mean = {name: (run["fruit"] + run["fresh"]) / 2 for name, run in results.items()}
    best = max(mean, key=mean.get)
    return best if mean[best] >= sum(required.values()) / 2 else None
