# misconception: nothing-returned
def choose(results, required):
    print(max(results, key=lambda name: results[name]["fruit"]))
