# misconception: wrong-result
def bootstrap_interval(correct, draws):
    share = correct.double().mean().item()
    error = 1.96 * (share * (1 - share) / len(correct)) ** 0.5
    return share - error, share + error
