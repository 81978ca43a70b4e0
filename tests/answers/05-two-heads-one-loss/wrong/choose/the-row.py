# misconception: wrong-result
def choose(results, required):
    return max(results.values(), key=lambda run: run["fruit"] + run["fresh"])
