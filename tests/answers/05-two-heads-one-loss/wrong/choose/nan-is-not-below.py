# misconception: wrong-result
def choose(results, required):
    able = [name for name, run in results.items() if not any(run[task] < required[task] for task in required)]
    return max(able, key=lambda name: results[name]["fruit"] + results[name]["fresh"], default=None)
