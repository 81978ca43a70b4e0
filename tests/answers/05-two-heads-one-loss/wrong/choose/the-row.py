# misconception: wrong-result
def choose(results, floors):
    return max(results.values(), key=lambda run: run["fruit"] + run["fresh"])
