# misconception: input-changed
def choose(results, required):
    for name in list(results):
        if any(results[name][task] < required[task] for task in required):
            del results[name]
    return max(results, key=lambda name: results[name]["fruit"] + results[name]["fresh"], default=None)
