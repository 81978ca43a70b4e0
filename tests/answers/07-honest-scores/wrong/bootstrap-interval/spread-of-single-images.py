# misconception: wrong-result
def bootstrap_interval(correct, draws):
    share, spread = correct.double().mean().item(), 1.96 * correct.double().std().item()
    return share - spread, share + spread
