# misconception: heads-not-registered
def independent(block, n):
    return [copy.deepcopy(block) for _ in range(n)]
