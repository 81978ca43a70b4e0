# misconception: losses-compared-across-weightings
def choose(results, floors):
    able = [name for name, run in results.items() if run["fruit"] >= floors["fruit"] and run["fresh"] >= floors["fresh"]]
    return min(able, key=lambda name: results[name]["loss"], default=None)
