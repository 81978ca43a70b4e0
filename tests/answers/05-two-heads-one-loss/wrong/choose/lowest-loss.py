# misconception: losses-compared-across-weightings
def choose(results, required):
    return min(results, key=lambda name: results[name]["loss"])
