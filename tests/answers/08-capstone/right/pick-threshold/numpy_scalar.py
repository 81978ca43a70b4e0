def pick_threshold(probabilities, rotten, minimum_recall):
    import numpy as np

    of_rotten = np.sort(probabilities.numpy()[rotten.numpy() == 1])[::-1]
    shares = np.arange(1, len(of_rotten) + 1) / len(of_rotten)
    return of_rotten[np.argmax(shares >= minimum_recall)]
