# misconception: wrong-result
def choose(results, required):
    able = [n for n, r in results.items() if all(r[t] >= required[t] for t in required)]
    return max(able, key=lambda n: sum(results[n][t] / required[t] for t in required), default=None)
