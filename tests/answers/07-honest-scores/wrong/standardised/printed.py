# misconception: nothing-returned
def standardised(train, other):
    print((train - train.mean(0)) / train.std(0))
