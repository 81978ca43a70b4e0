# misconception: wrong-result
def choose(results, required):
    able = [n for n, r in results.items() if all(r[t] >= required[t] for t in required)]
    return min(able, key=lambda n: results[n]["fruit"] + results[n]["fresh"], default=None)
