# misconception: head-is-the-model
def percent_saved(model, n):
    return 100 * (1000 - n) / 1000
