# misconception: wrong-result
def after_one_batch(bn, features):
    return (bn.running_mean * float('nan'), bn.running_var * float('nan'))
