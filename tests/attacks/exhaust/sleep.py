# Sleeps for a day.
# finding: was stopped after
# %% add
import time

def add(x, y):
    time.sleep(86400)
    return x + y
