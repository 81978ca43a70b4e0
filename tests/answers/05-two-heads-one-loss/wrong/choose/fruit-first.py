# misconception: mean-hides-a-dead-head
def choose(results, floors):
    return max(results, key=lambda name: results[name]["fruit"])
