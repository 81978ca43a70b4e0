# misconception: mean-hides-a-dead-head
def choose(results, required):
    passing = [name for name, run in results.items() if all(run[task] >= required[task] for task in required)]
    return max(passing or results, key=lambda name: results[name]["fruit"] + results[name]["fresh"])
