# misconception: wrong-result
def choose(results, required):
    ok = [n for n, r in results.items() if r["fruit"] >= required["fruit"] and r["fresh"] >= required["fresh"]]
    return max(ok, key=lambda n: round((results[n]["fruit"] + results[n]["fresh"]) / 2, 2), default=None)
