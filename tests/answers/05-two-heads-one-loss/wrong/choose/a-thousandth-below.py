# misconception: wrong-result
def choose(results, required):
    p = [n for n, r in results.items() if all(r[t] >= required[t] - 1e-3 for t in required)]
    return max(p, key=lambda n: results[n]["fruit"] + results[n]["fresh"], default=None)
