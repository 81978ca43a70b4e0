# misconception: wrong-result
def choose(results, required):
    able = {n: (r["fruit"] + r["fresh"]) / 2 for n, r in results.items() if all(r[t] >= required[t] for t in required)}
    return max(able.items(), key=lambda item: item[1], default=None)
