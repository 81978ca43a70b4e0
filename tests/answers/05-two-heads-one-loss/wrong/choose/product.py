# misconception: wrong-result
def choose(results, required):
    passing = [name for name, run in results.items() if all(run[task] >= required[task] for task in required)]
    return max(passing, key=lambda name: results[name]["fruit"] * results[name]["fresh"], default=None)
