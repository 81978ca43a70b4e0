# misconception: input-changed
def choose(results, required):
    fruit, fresh = required.pop("fruit"), required.pop("fresh")
    able = [name for name, run in results.items() if run["fruit"] >= fruit and run["fresh"] >= fresh]
    return max(able, key=lambda name: results[name]["fruit"] + results[name]["fresh"], default=None)
