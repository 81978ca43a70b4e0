from fractions import Fraction


def start_weights(classes):
    inverse = [Fraction(1 / math.log(n)) for n in classes]
    return [len(classes) * weight / sum(inverse) for weight in inverse]
