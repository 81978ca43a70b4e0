# misconception: at-least-includes-equal
def choose(results, required):
    able = [name for name, run in results.items() if all(run[task] > required[task] for task in required)]
    return max(able, key=lambda name: results[name]["fruit"] + results[name]["fresh"], default=None)
