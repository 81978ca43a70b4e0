# misconception: wrong-result
def standardised(train, other):
    def of_its_row(part):
        return (part - part.mean(1, keepdim=True)) / part.std(1, keepdim=True)

    return of_its_row(train), of_its_row(other)
