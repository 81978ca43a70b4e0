# misconception: mean-hides-a-dead-head
def choose(results, required):
    return max(results, key=lambda name: results[name]["fruit"] + results[name]["fresh"])
