def pick_threshold(probabilities, rotten, minimum_recall):
    from fractions import Fraction

    of_rotten = sorted(probabilities[rotten == 1].tolist(), reverse=True)
    return Fraction(of_rotten[math.ceil(Fraction(str(minimum_recall)) * len(of_rotten)) - 1])
