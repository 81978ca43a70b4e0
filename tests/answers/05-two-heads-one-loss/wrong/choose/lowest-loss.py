# misconception: losses-compared-across-weightings
def choose(results, floors):
    return min(results, key=lambda name: results[name]["loss"])
