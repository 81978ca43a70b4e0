# misconception: losses-compared-across-weightings
def choose(results, required):
    able = [name for name, run in results.items() if run["fruit"] >= required["fruit"] and run["fresh"] >= required["fresh"]]
    return min(able, key=lambda name: results[name]["loss"], default=None)
